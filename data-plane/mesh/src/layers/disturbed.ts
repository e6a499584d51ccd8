/**
 * Faults on purpose: a share of the attempts is delayed or fails, to see that the rest of the system holds. It is inside
 * `retried`, so that it looks as if the target had done it, and all policies deal with it. Off unless a policy says so.
 */
import { type Call, CantleError, type Code, operationId } from "@cantle/core";
import type { Layer } from "../layer.ts";
import { pause } from "../pause.ts";
import { fits } from "../routing.ts";

/** Disturbs a share of the attempts. */
export const disturbed: Layer = ({ operation, policy: { faults }, host: { clock, random } }) => {
  if (faults.length === 0) return undefined;
  return (next) => async (call) => {
    for (const { when, ratio, delayMs = 0, abort } of faults) {
      if (!fits(when, call) || random.next() >= ratio) continue;
      if (delayMs > 0) {
        await pause(clock, delayMs, call);
        call.atMs = clock.nowMs();
      }
      if (call.cancelled !== undefined) throw call.cancelled;
      if (abort !== undefined) throw injected(abort, call);
    }
    return next(call);
  };

  function injected(code: Code, call: Call): CantleError {
    // To the breaker it is a call that was made.
    call.tried ??= [];
    return new CantleError(code, `${operationId(operation)} was made to fail`, { notes: "a fault of the policy" });
  }
};
