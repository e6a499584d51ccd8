/** How many exchanges are open at a server, and whether it takes more. */
import { CantleError } from "@cantle/core";

/** The count of a server's open exchanges. */
export interface Flow {
  readonly inFlight: number;
  readonly draining: boolean;
  /** An exchange begins. */
  enter(): void;
  /** An exchange has ended. */
  leave(): void;
  /** Throws `DRAINING` or `OVERLOADED` when the exchange that just entered cannot be served. */
  admit(): void;
  /** Takes nothing new from now on; resolves when what was open has ended. */
  drain(): Promise<void>;
}

/** A count that admits at most `inFlightMax`; `whileDraining` says what becomes of those that come on open connections. */
export function createFlow(inFlightMax: number, whileDraining: "refuse" | "serve"): Flow {
  let inFlight = 0;
  let drained: PromiseWithResolvers<void> | undefined;
  return {
    get inFlight() {
      return inFlight;
    },
    get draining() {
      return drained !== undefined;
    },
    enter() {
      inFlight++;
    },
    leave() {
      inFlight--;
      if (inFlight === 0) drained?.resolve();
    },
    admit() {
      if (drained !== undefined && whileDraining === "refuse") {
        throw new CantleError("DRAINING", "this instance is leaving and takes no new calls", { retryAfterSeconds: 1 });
      }
      if (inFlight > inFlightMax) {
        throw new CantleError("OVERLOADED", `at most ${inFlightMax} calls at once`, { retryAfterSeconds: 1 });
      }
    },
    drain() {
      if (drained === undefined) {
        drained = Promise.withResolvers();
        if (inFlight === 0) drained.resolve();
      }
      return drained.promise;
    },
  };
}
