/**
 * Faults on purpose: a share of the attempts is delayed or fails, to see that the rest of the system holds. It is inside
 * `retried`, so that it looks as if the target had done it, and all policies deal with it. Off unless a policy says so.
 */
import { type Call, CantleError, type Code, type Handler, operationId, type Reply } from "@cantle/core";
import type { Fault } from "../fault.ts";
import type { Layer } from "../layer.ts";
import { pause } from "../pause.ts";
import { fits } from "../routing.ts";

/** Disturbs a share of the attempts. */
export const disturbed: Layer = ({ operation, policy: { faults }, host: { clock, random } }) => {
  if (faults.length === 0) return undefined;
  return (next) => (call) => {
    const hit = faults.filter(({ when, ratio }) => fits(when, call) && random.next() < ratio);
    return hit.length === 0 ? next(call) : disturb(hit, call, next);
  };

  async function disturb(hit: readonly Fault[], call: Call, next: Handler): Promise<Reply> {
    for (const { delayMs = 0, abort } of hit) {
      if (delayMs > 0) {
        await pause(clock, delayMs, call);
        call.atMs = clock.nowMs();
      }
      if (call.cancelled !== undefined) throw call.cancelled;
      if (abort !== undefined) throw injected(abort, call);
    }
    return next(call);
  }

  function injected(code: Code, call: Call): CantleError {
    // To the breaker it is a call that was made.
    call.tried ??= [];
    return new CantleError(code, `${operationId(operation)} was made to fail`, { notes: "a fault of the policy" });
  }
};
