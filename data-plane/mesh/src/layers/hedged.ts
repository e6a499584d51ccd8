/**
 * A second attempt beside a slow first one: whichever answers first counts, the other is cancelled. Only for operations that
 * are safe and ask for it, only to another endpoint, and only within the retry budget: it is a retry that does not wait.
 *
 * It is inside `retried`. A failure before the second was sent is the attempt's failure; after that the other is waited for.
 */
import { Call, CantleError, Deadline, type Handler, type Reply } from "@cantle/core";
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
  readonly #running: Call[] = [];
  #unlisten = () => {};

  constructor(call: Call, next: Handler, track: Track) {
    super();
    this.#call = call;
    this.#next = next;
    this.#track = track;
  }

  run(afterMs: number): void {
    const { clock, deadlines } = this.#track.plan.host;
    this.#unlisten = this.#call.onCancel((reason) => {
      for (const attempt of this.#running) attempt.cancel(reason);
    });
    deadlines.add(this, clock.nowMs() + afterMs);
    this.#send();
  }

  expire(): void {
    const { plan, pool } = this.#track;
    const { tried } = this.#running[0] ?? this.#call;
    if (tried === undefined || this.#call.cancelled !== undefined) return;
    this.#call.tried = tried;
    if (pool.hasOther(this.#call) && pool.retries.take(plan.policy.retryBudget, plan.host.clock.nowMs())) this.#send();
  }

  #send(): void {
    const { operation, payload, peer, caller, trace, baggage, deadlineMs, tried } = this.#call;
    const attempt = new Call(operation, { payload, peer, caller, trace, baggage, deadlineMs });
    attempt.tried = tried;
    this.#running.push(attempt);
    this.#next(attempt).then(
      (reply) => {
        const second = attempt !== this.#running[0];
        this.#end(attempt);
        for (const loser of this.#running.splice(0)) loser.cancel(new CantleError("CANCELLED", "another was faster"));
        this.#track.resolve(second ? { ...reply, retried: true } : reply);
      },
      (error) => {
        this.#end(attempt);
        if (this.#running.length === 0) this.#track.reject(error);
      },
    );
  }

  /** An attempt ended; with the first one the time for a second is over. */
  #end(attempt: Call): void {
    this.#call.tried = attempt.tried;
    const at = this.#running.indexOf(attempt);
    if (at >= 0) this.#running.splice(at, 1);
    this.#track.plan.host.deadlines.remove(this);
    if (this.#running.length === 0) this.#unlisten();
  }
}
