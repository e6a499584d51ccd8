/**
 * Identical reads share one answer: while one is under way, others like it wait for its reply instead of being sent. Only for
 * operations that are safe and ask for it. What is identical is decided by all that decides the answer (`call-key.ts`).
 *
 * It is inside `timely`, so that each who waits has its own deadline. What is sent is a call of nobody's: it ends when nobody
 * waits for it any more, not when the first one leaves.
 */
import { type Call, CantleError, type Handler, type Reply } from "@cantle/core";
import { callKey } from "../call-key.ts";
import type { Layer } from "../layer.ts";
import { ownReply } from "../own-reply.ts";

/** Lets identical reads share one answer. */
export const coalesced: Layer = ({ operation, policy: { coalesce, timeoutMs } }) => {
  if (!coalesce || operation.method !== "GET" || operation.shape !== "value") return undefined;
  const underWay = new Map<string, Shared>();
  return (next) => (call) => {
    const key = callKey(call);
    if (key === undefined) return next(call);
    const known = underWay.get(key);
    if (known !== undefined) return known.join(call);
    const shared = new Shared(call.twin(call.atMs + timeoutMs), () => {
      if (underWay.get(key) === shared) underWay.delete(key);
    });
    underWay.set(key, shared);
    const reply = shared.join(call);
    shared.send(next);
    return reply;
  };
};

/** One who waits for a shared call. */
interface Waiter {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: unknown) => void;
  unlisten: () => void;
}

/** A call that is under way, and who waits for it. */
class Shared {
  readonly #call: Call;
  readonly #over: () => void;
  readonly #waiters: Waiter[] = [];
  /** True once several wait for the one reply. */
  #several = false;

  /** `over` is told when nobody can join any more. */
  constructor(call: Call, over: () => void) {
    this.#call = call;
    this.#over = over;
  }

  join(call: Call): Promise<Reply> {
    this.#several ||= this.#waiters.length > 0;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, unlisten: nothing };
      this.#waiters.push(waiter);
      waiter.unlisten = call.onCancel((reason) => this.#leave(waiter, reason));
    });
  }

  send(next: Handler): void {
    next(this.#call).then(
      (reply) => {
        for (const { resolve } of this.#end()) resolve(this.#several ? ownReply(reply) : reply);
      },
      (error) => {
        for (const { reject } of this.#end()) reject(error);
      },
    );
  }

  #end(): readonly Waiter[] {
    this.#over();
    for (const { unlisten } of this.#waiters) unlisten();
    return this.#waiters;
  }

  #leave(waiter: Waiter, reason: unknown): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    if (this.#waiters.length === 0) {
      this.#over();
      this.#call.cancel(new CantleError("CANCELLED", "nobody waits for it any more"));
    }
    waiter.reject(reason);
  }
}

const nothing = () => {};
