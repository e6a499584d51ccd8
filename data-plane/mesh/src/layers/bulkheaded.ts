/**
 * A bulkhead around a target's operation (`bulkhead.ts`): one slow dependency fills its own places and not the process. It is
 * inside `timely`, so that who waits is answered at its deadline, and outside `retried`, so that a call has one place for all
 * its attempts.
 */
import { type Call, CantleError, operationId, type Reply } from "@cantle/core";
import { Bulkhead } from "../bulkhead.ts";
import type { Layer } from "../layer.ts";

/** Keeps calls of an operation within their places. */
export const bulkheaded: Layer = ({ operation, policy: { bulkhead: policy }, host: { clock } }) => {
  if (policy === false) return undefined;
  const bulkhead = new Bulkhead<() => void>(policy);
  const full = () =>
    new CantleError("OVERLOADED", `${operationId(operation)} has its limit of ${policy.concurrentMax} calls out`, {
      retried: true,
      retryAfterSeconds: 1,
    });
  const leave = () => bulkhead.leave()?.();
  return (next) => {
    function inside(call: Call): Promise<Reply> {
      const reply = next(call);
      reply.then(leave, leave);
      return reply;
    }
    function queued(call: Call): Promise<Reply> {
      return new Promise((resolve, reject) => {
        const enter = () => {
          unlisten();
          call.atMs = clock.nowMs();
          resolve(inside(call));
        };
        if (!bulkhead.wait(enter)) return reject(full());
        const unlisten = call.onCancel((reason) => {
          bulkhead.giveUp(enter);
          reject(reason);
        });
      });
    }
    return (call) => (bulkhead.enter() ? inside(call) : queued(call));
  };
};
