/** How the last calls ended: the last so many of them, or those of the last while. */
import { SlidingCounts } from "./sliding-counts.ts";

/** Counts of how calls ended. */
export interface OutcomeWindow {
  add(failed: boolean, slow: boolean, nowMs: number): void;
  calls(nowMs: number): number;
  failures(nowMs: number): number;
  slow(nowMs: number): number;
  clear(): void;
}

const columns = { calls: 0, failures: 1, slow: 2 };

/** Those of the last `windowMs`. */
export function timeWindow(windowMs: number): OutcomeWindow {
  const counts = new SlidingCounts(3, windowMs);
  return {
    add(failed, slow, nowMs) {
      counts.add(columns.calls, nowMs);
      if (failed) counts.add(columns.failures, nowMs);
      if (slow) counts.add(columns.slow, nowMs);
    },
    calls: (nowMs) => counts.total(columns.calls, nowMs),
    failures: (nowMs) => counts.total(columns.failures, nowMs),
    slow: (nowMs) => counts.total(columns.slow, nowMs),
    clear: () => counts.clear(),
  };
}

/** The last `callsMax`, however long ago. */
export function countWindow(callsMax: number): OutcomeWindow {
  const outcomes = new Uint8Array(callsMax);
  let seen = 0;
  let failures = 0;
  let slow = 0;
  return {
    add(failed, late) {
      const at = seen++ % callsMax;
      const before = outcomes[at] as number;
      outcomes[at] = (failed ? 1 : 0) | (late ? 2 : 0);
      failures += (failed ? 1 : 0) - (before & 1);
      slow += (late ? 1 : 0) - (before >> 1);
    },
    calls: () => Math.min(seen, callsMax),
    failures: () => failures,
    slow: () => slow,
    clear() {
      outcomes.fill(0);
      seen = failures = slow = 0;
    },
  };
}
