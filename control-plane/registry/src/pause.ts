/** A wait that can be cut short. */
import type { Clock } from "@cantle/core";

/** Waits, one at a time. */
export interface Pause {
  /** Resolves after `ms`, or when it is ended. */
  wait(ms: number): Promise<void>;
  /** Ends the wait, or the next one, at once. */
  end(): void;
}

/** Makes one. */
export function createPause(clock: Clock): Pause {
  let wake: (() => void) | undefined;
  let isEnded = false;
  return {
    async wait(ms) {
      if (!isEnded) {
        await new Promise<void>((resolve) => {
          const timer = clock.after(ms, resolve);
          wake = () => {
            timer.cancel();
            resolve();
          };
        });
      }
      wake = undefined;
      isEnded = false;
    },
    end() {
      if (wake === undefined) isEnded = true;
      else wake();
    },
  };
}
