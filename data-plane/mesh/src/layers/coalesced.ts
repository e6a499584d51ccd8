/**
 * Identical reads share one answer: while one is under way, others like it wait for its reply instead of being sent. Only for
 * operations that are safe and ask for it. What is identical is decided by all that decides the answer (`call-key.ts`).
 *
 * It is inside `timely`, so that each who waits has its own deadline. What is sent is a call of nobody's: it ends when nobody
 * waits for it any more, not when the first one leaves.
 */
import { Call, CantleError, type Handler, type Reply } from "@cantle/core";
import { callKey } from "../call-key.ts";
import type { Layer } from "../layer.ts";
import { ownReply } from "../own-reply.ts";

/** A call that is under way, and how many wait for it. */
interface Shared {
  readonly call: Call;
  readonly reply: Promise<Reply>;
  waiting: number;
}

/** Lets identical reads share one answer. */
export const coalesced: Layer = ({ operation, policy: { coalesce, timeoutMs }, host: { clock } }) => {
  if (!coalesce || operation.method !== "GET" || operation.shape !== "value") return undefined;
  const underWay = new Map<string, Shared>();

  function begin(key: string, like: Call, next: Handler): Shared {
    const { payload, peer, caller, trace, baggage } = like;
    const deadlineMs = clock.nowMs() + timeoutMs;
    const call = new Call(operation, { payload, peer, caller, trace, baggage, deadlineMs });
    const shared = { call, reply: next(call), waiting: 0 };
    const end = () => forget(key, shared);
    underWay.set(key, shared);
    shared.reply.then(end, end);
    return shared;
  }

  function forget(key: string, shared: Shared): void {
    if (underWay.get(key) === shared) underWay.delete(key);
  }

  return (next) => (call) => {
    const key = callKey(call);
    const shared = underWay.get(key) ?? begin(key, call, next);
    shared.waiting++;
    return new Promise((resolve, reject) => {
      const unlisten = call.onCancel((reason) => {
        if (--shared.waiting === 0) {
          forget(key, shared);
          shared.call.cancel(new CantleError("CANCELLED", "nobody waits for it any more"));
        }
        reject(reason);
      });
      shared.reply.then(
        (reply) => {
          unlisten();
          resolve(ownReply(reply));
        },
        (error) => {
          unlisten();
          reject(error);
        },
      );
    });
  };
};
