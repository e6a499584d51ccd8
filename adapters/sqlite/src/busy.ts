/**
 * Trying again while another connection holds the file's lock.
 *
 * SQLite could wait by itself (`busy_timeout`), but it would block the thread, and when the lock's holder is in the same
 * thread nobody could ever let go. So its timeout is 0 and the waiting is done here, on the clock, with full jitter.
 */
import { CantleError, type Clock, delay, type Random } from "@cantle/core";
import { isBusy } from "./errors.ts";

/** What waiting needs. */
export interface BusyOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long to try; then `OVERLOADED`. */
  readonly busyMaxMs: number;
}

/** The longest pause between two attempts. Longer would lose to others who ask more often. */
const pauseMaxMs = 50;

/** Runs `attempt` until it is not busy; the first time at once. It must have done nothing when it throws busy. */
export async function whileBusy<R>(attempt: () => R, options: BusyOptions): Promise<R> {
  const { clock, random, busyMaxMs } = options;
  const untilMs = clock.nowMs() + busyMaxMs;
  for (let tried = 0; ; tried++) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (clock.nowMs() >= untilMs) {
        throw new CantleError("OVERLOADED", "another process holds the lock of the database", {
          notes: `busyMaxMs = ${busyMaxMs}`,
          cause: error,
        });
      }
    }
    await delay(clock, 1 + random.next() * Math.min(pauseMaxMs, 2 ** tried));
  }
}
