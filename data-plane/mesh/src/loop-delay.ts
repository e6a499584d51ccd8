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
 * 2. For how much longer than `tickMs` calls have been coming since the last tick: all that came in one turn of the loop are taken
 *    up one after the other, before any tick. Without this a turn is as long as there are clients, nobody is refused until all of
 *    them have been served, and by then they have left.
 *
 * Of the second, a call that was let in counts what calls cost (`call-cost.ts`), also when it has only begun to wait: its work comes in a
 * later turn, which would be too long otherwise. And between two calls no more than `gapMsMax` counts, or twice what a call costs, as
 * the rest may be a stall.
 *
 * Neither is ever more than the loop has worked meanwhile. Where the machine had others to serve, it is late with next to nothing to do,
 * and to refuse that would make nobody faster.
 */
import type { Clock, Running } from "@cantle/core";
import { nextCallCost, unknownCallCost } from "./call-cost.ts";
import { type LoopTick, nextLoopLimit, noLoopLimit } from "./loop-limit.ts";

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

/** Measures until it is stopped. `workedMs` is how long the loop's thread has had a processor; default: all of the time. */
export function createLoopDelay(clock: Clock, workedMs: () => number = () => clock.nowMs()): LoopDelay & Running {
  const late: number[] = new Array(ticks).fill(0);
  let count = 0;
  let dueMs = clock.nowMs() + tickMs;
  let workedBeforeMs = workedMs();
  let least = 0;
  let known = { limit: noLoopLimit, cost: unknownCallCost };
  let inFlight = 0;
  /** Since the last tick: the most in flight, what has ended, for how long calls have been coming, and when the last one did. */
  let peak = 0;
  let ended = 0;
  let comingMs = 0;
  let askedMs = Number.POSITIVE_INFINITY;
  /** What the call that was let in last will cost, and what all of them will beyond the time that they took. */
  let owedMs = 0;
  let laterMs = 0;
  let timer = clock.after(tickMs, tick);

  function tick(): void {
    const nowMs = clock.nowMs();
    const afterDueMs = Math.max(0, nowMs - dueMs);
    const workedNowMs = workedMs();
    const tickWorkedMs = workedNowMs - workedBeforeMs;
    const lateMs = Math.min(afterDueMs, tickWorkedMs);
    const seen: LoopTick = { elapsedMs: tickMs + afterDueMs, workedMs: tickWorkedMs, lateMs, ended, peak };
    known = { limit: nextLoopLimit(known.limit, seen), cost: nextCallCost(known.cost, seen) };
    late[count++ % ticks] = lateMs;
    least = Math.min(...late);
    peak = inFlight;
    ended = 0;
    comingMs = 0;
    askedMs = Number.POSITIVE_INFINITY;
    owedMs = 0;
    laterMs = 0;
    workedBeforeMs = workedNowMs;
    dueMs = nowMs + tickMs;
    timer = clock.after(tickMs, tick);
  }

  return {
    entered() {
      if (++inFlight > peak) peak = inFlight;
      owedMs = known.cost.costMs;
    },
    left() {
      inFlight--;
      ended++;
    },
    fullShare: () => inFlight / known.limit.limit,
    delayMs() {
      const nowMs = clock.nowMs();
      // The first one since the tick has waited for nobody.
      const gapMs = askedMs < nowMs ? Math.min(nowMs - askedMs, Math.max(gapMsMax, 2 * known.cost.costMs)) : 0;
      comingMs += gapMs;
      laterMs += Math.max(0, owedMs - gapMs);
      owedMs = 0;
      askedMs = nowMs;
      if (comingMs + laterMs <= tickMs) return least;
      // Asked only when it matters: it costs six looks at the clock.
      return Math.max(least, Math.min(comingMs, workedMs() - workedBeforeMs) + laterMs - tickMs);
    },
    stop() {
      timer.cancel();
      return Promise.resolve();
    },
  };
}
