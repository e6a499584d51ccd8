/** Who starts before the control plane is ready waits here: without it nobody gets a token. */
import { CantleError } from "@cantle/core";
import type { SupervisorEvent } from "@cantle/supervisor";

/** Open while the control plane is ready; shut for good when it cannot be started. */
export interface Gate {
  /** Hears of the control unit. */
  note(event: SupervisorEvent): void;
  /** Resolves while it is open; throws why the control plane cannot be started. */
  open(): Promise<void>;
}

/** A closed gate. */
export function createGate(): Gate {
  let ready = Promise.withResolvers<void>();
  return {
    note(event) {
      if (!("instance" in event) || event.unit !== "control") return;
      if (event.kind === "ready" || event.kind === "adopted") ready.resolve();
      if (event.kind !== "failed") return;
      const failed = Promise.withResolvers<void>();
      // Whoever waits goes on waiting for the next start, where there will be one.
      if (event.retryInMs === null)
        ready.reject(
          new CantleError(event.error.code, "the control plane cannot be started", { notes: event.error.text }),
        );
      else void failed.promise.then(ready.resolve, ready.reject);
      ready.promise.catch(() => {});
      ready = failed;
    },
    open: () => ready.promise,
  };
}
