/**
 * Turns at the one writer, first come, first served.
 *
 * Invariants
 * 1. One turn at a time. `give` hands it to the next in line at once: a newcomer can never slip in between.
 * 2. At most `waitingMax` wait, each at most `waitMaxMs`; beyond is `OVERLOADED`, so a transaction that never ends does
 *    not take the process with it.
 */
import { CantleError, type Clock, type Timer } from "@cantle/core";

/** The bounds of a line. */
export interface TurnsOptions {
  readonly clock: Clock;
  readonly waitingMax: number;
  readonly waitMaxMs: number;
}

/** A line for one thing that is used by one at a time. */
export interface Turns {
  /** Takes the turn: at once (undefined), or when the promise resolves. */
  take(): Promise<void> | undefined;
  /** Ends the turn. */
  give(): void;
}

interface Waiting {
  readonly start: () => void;
  readonly timer: Timer;
}

/** Opens a line. */
export function createTurns({ clock, waitingMax, waitMaxMs }: TurnsOptions): Turns {
  // A Set keeps the order of arrival and lets the one who gives up leave from the middle.
  const line = new Set<Waiting>();
  let taken = false;

  function wait(): Promise<void> {
    if (line.size >= waitingMax) {
      throw new CantleError("OVERLOADED", "too many writes wait for the database", {
        notes: `waitingMax = ${waitingMax}`,
      });
    }
    return new Promise((resolve, reject) => {
      const expire = () => {
        line.delete(waiting);
        reject(
          new CantleError("OVERLOADED", "a write waited too long for the database", {
            notes: `waitMaxMs = ${waitMaxMs}; a transaction that awaits something slow holds all others up`,
          }),
        );
      };
      const waiting: Waiting = { start: resolve, timer: clock.after(waitMaxMs, expire) };
      line.add(waiting);
    });
  }

  return {
    take() {
      if (taken) return wait();
      taken = true;
      return undefined;
    },
    give() {
      const [next] = line;
      if (next === undefined) {
        taken = false;
        return;
      }
      line.delete(next);
      next.timer.cancel();
      next.start();
    },
  };
}
