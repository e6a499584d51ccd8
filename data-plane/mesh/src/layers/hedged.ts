/**
 * A second attempt beside a slow first one: whichever answers first counts, the other is cancelled. Only for operations that
 * are safe and ask for it, only to another endpoint, and only within the retry budget: it is a retry that does not wait.
 *
 * It is inside `retried`. A failure before the second was sent is the attempt's failure; after that the other is waited for.
 */
import { type Call, CantleError, Deadline, type Handler, type Reply } from "@cantle/core";
import type { Layer, LayerPlan } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { type Pool, poolOf } from "../pool.ts";

/** Sends a slow call a second time. */
export const hedged: Layer<OutboundHost> = (plan) => {
  const { operation, policy, host } = plan;
  if (policy.hedge === false || operation.method !== "GET" || operation.shape !== "value") return undefined;
  const { afterMs } = policy.hedge;
  const pool = poolOf(operation.service, host);
  return (next) => (call) =>
    new Promise((resolve, reject) => new Race(call, next, { plan, pool, resolve, reject }).run(afterMs));
};

/** What a race is run with. */
interface Track {
  readonly plan: LayerPlan<OutboundHost>;
  readonly pool: Pool;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: unknown) => void;
}

/** One call and its one or two attempts. Its time to send the second is a place in the timer wheel. */
class Race extends Deadline {
  readonly #call: Call;
  readonly #next: Handler;
  readonly #track: Track;
  readonly #unlisten: () => void;
  /** Each until it ended. */
  #first: Call | undefined;
  #second: Call | undefined;

  constructor(call: Call, next: Handler, track: Track) {
    super();
    this.#call = call;
    this.#next = next;
    this.#track = track;
    this.#first = call.twin();
    this.#unlisten = call.onCancel((reason) => this.#cancel(reason));
  }

  run(afterMs: number): void {
    this.#track.plan.host.deadlines.add(this, this.#call.atMs + afterMs);
    if (this.#first !== undefined) this.#send(this.#first);
  }

  expire(): void {
    const { plan, pool } = this.#track;
    const tried = this.#first?.tried;
    if (tried === undefined || this.#call.cancelled !== undefined) return;
    const nowMs = plan.host.clock.nowMs();
    this.#call.tried = tried;
    this.#call.atMs = nowMs;
    if (!pool.hasOther(this.#call) || !pool.retries.take(plan.policy.retryBudget, nowMs)) return;
    this.#second = this.#call.twin();
    this.#send(this.#second);
  }

  #send(attempt: Call): void {
    attempt.tried = this.#call.tried;
    this.#next(attempt).then(
      (reply) => {
        const second = attempt === this.#second;
        this.#end(attempt);
        if (!this.#isOver) this.#cancel(new CantleError("CANCELLED", "another was faster"));
        this.#track.resolve(second ? { ...reply, retried: true } : reply);
      },
      (error) => {
        this.#end(attempt);
        if (this.#isOver) this.#track.reject(error);
      },
    );
  }

  get #isOver(): boolean {
    return this.#first === undefined && this.#second === undefined;
  }

  /** An attempt ended; with the first one the time for a second is over. */
  #end(attempt: Call): void {
    this.#call.tried = attempt.tried;
    this.#call.atMs = attempt.atMs;
    if (attempt === this.#first) this.#first = undefined;
    else this.#second = undefined;
    this.#track.plan.host.deadlines.remove(this);
    if (this.#isOver) this.#unlisten();
  }

  #cancel(reason: unknown): void {
    this.#first?.cancel(reason);
    this.#second?.cancel(reason);
  }
}
