/**
 * A breaker around a target's operation (`breaker.ts`): while most calls fail, further ones fail at once, which spares the
 * caller the wait and the target the load. It is outside `retried`, so it counts calls and not attempts. Calls that no endpoint
 * was found for say nothing of the target, and neither do those it shed: who sheds at five times its load answers a fifth of
 * the calls, and a breaker would make that none.
 */
import { type Call, CantleError, operationId } from "@cantle/core";
import type { Breaker, Outcome } from "../breaker.ts";
import { breakerOf, forgetBreaker } from "../breakers.ts";
import type { Layer } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { isFault, verdictOf } from "../verdict.ts";

/** Stops calling what keeps failing. */
export const guarded: Layer<OutboundHost> = ({ operation, policy: { breaker: policy }, host }) => {
  if (policy === false) {
    forgetBreaker(operation, host);
    return undefined;
  }
  const { clock } = host;
  const breaker = breakerOf(operation, policy, host);
  return (next) => (call) => {
    const { atMs: startMs } = call;
    const ticket = breaker.ask(startMs);
    if (ticket === 0) return Promise.reject(refused(operationId(operation), breaker, startMs));
    const reply = next(call);
    reply.then(
      () => breaker.ended(ticket, "success", { startMs, nowMs: call.atMs }),
      (error) => breaker.ended(ticket, outcomeOf(error, call), { startMs, nowMs: clock.nowMs() }),
    );
    return reply;
  };
};

function outcomeOf(error: unknown, call: Call): Outcome {
  const verdict = verdictOf(error);
  if (call.tried === undefined || verdict === "unknown" || verdict === "shedding") return "ignored";
  return isFault(error) ? "failure" : "success";
}

function refused(operation: string, { state }: Breaker, nowMs: number): CantleError {
  const leftMs = state.kind === "open" ? state.untilMs - nowMs : 1_000;
  return new CantleError("UNAVAILABLE", `${operation} is not called just now, as it keeps failing`, {
    retried: true,
    retryAfterSeconds: Math.ceil(leftMs / 1_000),
    notes: `the breaker of ${operation} is ${state.kind}`,
  });
}
