/** Tells the observer of every call that ended: how long it took and with which code. Without an observer it is not there. */
import type { Call, Reply } from "@cantle/core";
import { asCantleError } from "@cantle/core";
import type { Direction } from "@cantle/telemetry";
import type { Layer } from "../layer.ts";

/** Observes calls in one direction. */
export const observed =
  (direction: Direction): Layer =>
  ({ host: { observer, clock } }) =>
    observer &&
    ((next) => (call: Call) => {
      const startMs = clock.nowMs();
      const end = (code: string) => observer.ended({ direction, call, code, durationMs: clock.nowMs() - startMs });
      return next(call).then(
        (reply: Reply) => {
          end("OK");
          return reply;
        },
        (error: unknown) => {
          end(asCantleError(error).code);
          throw error;
        },
      );
    });
