/**
 * How late the event loop is: the one measure of load that needs no knowledge of the work. A timer that should fire every
 * `tickMs` fires later when the process has more to do than it can.
 *
 * What counts is the least lateness of the last few ticks: one long stall is no overload, being late every time is.
 */
import type { Clock, Running } from "@cantle/core";

/** Tells how late the event loop has been, all of the time, just now. */
export interface LoopDelay {
  delayMs(): number;
}

const tickMs = 50;
const ticks = 4;

/** Measures until it is stopped. */
export function createLoopDelay(clock: Clock): LoopDelay & Running {
  const late: number[] = new Array(ticks).fill(0);
  let count = 0;
  let dueMs = clock.nowMs() + tickMs;
  let least = 0;
  let timer = clock.after(tickMs, tick);

  function tick(): void {
    late[count++ % ticks] = Math.max(0, clock.nowMs() - dueMs);
    least = Math.min(...late);
    dueMs = clock.nowMs() + tickMs;
    timer = clock.after(tickMs, tick);
  }

  return {
    delayMs: () => least,
    stop() {
      timer.cancel();
      return Promise.resolve();
    },
  };
}
