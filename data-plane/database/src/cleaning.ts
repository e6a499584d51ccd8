/**
 * Removes the memory of effects that nobody asks for any more, for as long as the service runs.
 *
 * A week of messages may be millions of rows, and an embedded database works in the service's own thread: so they go in small
 * portions, with room for everybody else's writes in between, and no start waits for it.
 */
import type { Clock, Timer } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { EffectsTable } from "./effects.ts";

/** How many rows go at once: a few milliseconds. */
const portionMax = 500;
/** Between two portions, ms. */
const restMs = 50;
/** Until the next look when nothing old is left, ms. */
const lookEveryMs = 600_000;

/** Begins at once. `stop` answers with what is still to be waited for; undefined for nothing. */
export function keepClean(
  effects: Pick<EffectsTable, "clean">,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): { stop(): Promise<void> | undefined } {
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  const look = () => {
    running = clean().finally(() => {
      running = undefined;
    });
  };
  async function clean(): Promise<void> {
    let count = 0;
    try {
      count = await effects.clean(portionMax);
    } catch (error) {
      log.warn("old idempotency keys could not be removed", { error });
    }
    if (!isStopped) timer = clock.after(count === portionMax ? restMs : lookEveryMs, look);
  }
  look();
  return {
    stop() {
      isStopped = true;
      timer?.cancel();
      return running;
    },
  };
}
