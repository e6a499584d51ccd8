/**
 * How long a caller waits for one call over `fetch`: until its reply begins, its timeout passes, or its signal aborts.
 * Whichever comes first is the reason the others see; nothing listens after the end.
 */
import { CantleError, type Clock, isCantleError, type Operation, operationId } from "@cantle/core";
import type { CallOptions } from "./types.ts";

/** What ends a call before its reply: the caller's signal or the timeout. Also says what a failure of `fetch` was. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #operation: Operation;
  readonly #stop: (() => void)[] = [];

  constructor(
    operation: Operation,
    { call, clock }: { readonly call: CallOptions | undefined; readonly clock: Clock },
  ) {
    this.#operation = operation;
    const timeoutMs = Math.min(call?.timeoutMs ?? operation.timeoutMs, operation.timeoutMs);
    const timer = clock.after(timeoutMs, () =>
      this.fail(
        new CantleError("DEADLINE_EXCEEDED", `${operationId(operation)} did not answer within ${timeoutMs} ms`),
      ),
    );
    this.#stop.push(() => timer.cancel());
    this.#follow(call?.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives up, for this reason. */
  fail(reason: CantleError): void {
    this.#controller.abort(reason);
  }

  /** The reply began: from now on only the caller's signal ends it. */
  begun(): void {
    this.#stop.shift()?.();
  }

  /** The call is over. */
  end(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  /** The promise, or the reason the call ended before it. */
  orEnd<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const ended = () => reject(signal.reason);
      if (signal.aborted) ended();
      signal.addEventListener("abort", ended, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
    });
  }

  /** What went wrong, as an error of ours. */
  errorOf(error: unknown): CantleError {
    const reason: unknown = this.signal.aborted ? this.signal.reason : error;
    if (isCantleError(reason)) return reason;
    return new CantleError(
      "UNREACHABLE",
      `${operationId(this.#operation)} cannot be reached, or the connection broke`,
      { cause: reason },
    );
  }

  #follow(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const cancel = () =>
      this.fail(new CantleError("CANCELLED", "the caller cancelled the call", { cause: signal.reason }));
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    this.#stop.push(() => signal.removeEventListener("abort", cancel));
  }
}
