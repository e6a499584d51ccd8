/**
 * Deadlines and cancellation. Whoever waits is answered when the deadline passes or the call is cancelled, whether or not
 * what it waits for ever settles. A call that a station of this process already bounds passes straight through.
 */
import {
  type Call,
  type Cancellable,
  CantleError,
  Deadline,
  type Deadlines,
  type Handler,
  operationId,
  type Reply,
} from "@cantle/core";
import type { Layer } from "../layer.ts";
import { refusal } from "./declared.ts";

/** Bounds a call by its deadline. */
export const timely: Layer =
  ({ host: { clock, deadlines }, policy: { timeoutMs } }) =>
  (next) =>
  (call) => {
    call.atMs = clock.nowMs();
    if (call.bound !== undefined) return next(call);
    call.deadlineMs = Math.min(call.deadlineMs, call.atMs + timeoutMs);
    if (call.deadlineMs <= call.atMs) return Promise.reject(expired(call));
    if (call.cancelled !== undefined) return Promise.reject(call.cancelled);
    return new Promise((resolve, reject) => new Bound(call, deadlines, { resolve, reject }).run(next));
  };

/** How a promise is settled. */
interface Settle {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: unknown) => void;
}

/** One call's place in the timer wheel, and whom it answers. */
class Bound extends Deadline implements Cancellable {
  readonly #call: Call;
  readonly #deadlines: Deadlines;
  readonly #settle: Settle;

  constructor(call: Call, deadlines: Deadlines, settle: Settle) {
    super();
    this.#call = call;
    this.#deadlines = deadlines;
    this.#settle = settle;
  }

  run(next: Handler): void {
    this.#call.bound = this;
    this.#deadlines.add(this, this.#call.deadlineMs);
    next(this.#call).then(
      (reply) => {
        this.#release();
        this.#settle.resolve(reply);
      },
      (error) => {
        this.#release();
        this.#settle.reject(error);
      },
    );
  }

  expire(): void {
    this.#call.cancel(expired(this.#call));
  }

  cancelled(reason: unknown): void {
    this.#settle.reject(reason);
  }

  #release(): void {
    this.#deadlines.remove(this);
    this.#call.bound = undefined;
  }
}

function expired(call: Call): CantleError {
  return refusal(
    new CantleError("DEADLINE_EXCEEDED", `${operationId(call.operation)} did not answer before the deadline`),
    call,
  );
}
