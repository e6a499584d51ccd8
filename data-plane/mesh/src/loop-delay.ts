/**
 * How late the event loop is: the one measure of load that needs no knowledge of the work. A timer that should fire every
 * `tickMs` fires later when the process has more to do than it can.
 *
 *     tick ─── tickMs ───▶ due ───── calls, one after the other ─────▶ tick
 *                               └ the first of them        └ this one: so long it has waited behind the others
 *
 * Two things count, whichever is more:
 *
 * 1. The least lateness of the last few ticks: one long stall is no overload, being late every time is.
 * 2. While a tick is overdue, for how long calls have been coming: all that came in one turn of the loop are taken up one after
 *    the other, before any tick. Without this a turn is as long as there are clients, nobody is refused until all of them have
 *    been served, and by then they have left. Between two calls only `gapMsMax` counts, as the rest may be a stall, or a time in
 *    which the machine had others to serve.
 */
import type { Clock, Running } from "@cantle/core";
import { nextLoopLimit } from "./loop-limit.ts";

/** Tells how late the event loop is. */
export interface LoopDelay {
  /** To be asked once for each call that comes. */
  delayMs(): number;
  /** Whoever lets a call of a service of this process in says so, and when it has ended. */
  entered(): void;
  left(): void;
  /** How much of what may be in flight is, as late as the loop is (`loop-limit.ts`): 1 and more is too much, 0 while it is on time. */
  fullShare(): number;
}

const tickMs = 50;
const ticks = 4;
const gapMsMax = 20;

/** Measures until it is stopped. */
export function createLoopDelay(clock: Clock): LoopDelay & Running {
  const late: number[] = new Array(ticks).fill(0);
  let count = 0;
  let dueMs = clock.nowMs() + tickMs;
  let least = 0;
  let lastMs = 0;
  let inFlight = 0;
  /** The most since the last tick. */
  let peak = 0;
  let limit = Number.POSITIVE_INFINITY;
  let overdueMs = 0;
  let askedMs = 0;
  let timer = clock.after(tickMs, tick);

  function tick(): void {
    const nowMs = clock.nowMs();
    const lateMs = Math.max(0, nowMs - dueMs);
    const next = nextLoopLimit(limit, Math.min(lateMs, lastMs), peak);
    // What was let in before the limit shrank makes the next tick late as well, which is no reason to shrink it again.
    lastMs = next < limit ? 0 : lateMs;
    limit = next;
    peak = inFlight;
    late[count++ % ticks] = lateMs;
    least = Math.min(...late);
    overdueMs = 0;
    dueMs = nowMs + tickMs;
    timer = clock.after(tickMs, tick);
  }

  return {
    entered() {
      if (++inFlight > peak) peak = inFlight;
    },
    left() {
      inFlight--;
    },
    fullShare: () => inFlight / limit,
    delayMs() {
      const nowMs = clock.nowMs();
      if (nowMs <= dueMs) return least;
      // The first one since the tick was due has waited for nobody.
      if (askedMs > dueMs) overdueMs += Math.min(nowMs - askedMs, gapMsMax);
      askedMs = nowMs;
      return Math.max(least, overdueMs);
    },
    stop() {
      timer.cancel();
      return Promise.resolve();
    },
  };
}
