/** Waiting that ends with the call. */
import type { Call, Clock } from "@cantle/core";

/** Waits so long, or until the call is cancelled. */
export function pause(clock: Clock, waitMs: number, call: Call): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(waitMs, () => {
      unlisten();
      resolve();
    });
    const unlisten = call.onCancel(() => {
      timer.cancel();
      resolve();
    });
  });
}
