/**
 * Picks an endpoint for each attempt, sends the call there, and learns from how it ends.
 *
 * - Which one is the balancer's choice (`balancer.ts`) among those that can be used (`pool.ts`) and that a route allows
 *   (`routing.ts`), one not tried before it. Two releases share the calls as they say (`sharing.ts`).
 * - An endpoint whose connection fails leaves the pool at once, and comes back when the registry says something new of it
 *   or after a second. One that answers badly is left out for longer and longer (`ejection.ts`).
 * - When none can take the call, it waits for one, within its deadline and `waitMs`: an instance that is starting is not an
 *   error. After a wait in vain, further calls fail at once until the view changes: one caller pays for finding out, not all.
 */
import { type Call, CantleError, type Handler, type Operation, operationId, type Reply } from "@cantle/core";
import { balancerOf } from "../balancer.ts";
import { Latency } from "../latency.ts";
import type { LayerPlan } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { type Pool, poolOf, type Target } from "../pool.ts";
import { routerOf } from "../routing.ts";
import { sharingBy } from "../sharing.ts";
import { verdictOf } from "../verdict.ts";

/** The innermost station of the way out. */
export function picked(plan: LayerPlan<OutboundHost>): Handler {
  const { operation, host, policy } = plan;
  const { clock, observer } = host;
  const { ejection } = policy;
  const pool = poolOf(operation.service, host);
  const slot = pool.slotOf(operation);
  const choose = chooserOf(plan, pool);

  function attempt(call: Call, target: Target): Promise<Reply> {
    const { atMs: startMs } = call;
    const latency = latencyOf(target, slot);
    target.inFlight++;
    latency.asked(startMs);
    if (call.tried === undefined) pool.retries.called(startMs);
    call.tried = call.tried === undefined ? target.alone : [...call.tried, target.id];
    const reply = target.handle(call);
    reply.then(
      () => {
        const nowMs = clock.nowMs();
        call.atMs = nowMs;
        target.inFlight--;
        latency.answered(nowMs - startMs, nowMs);
        target.standing.succeeded(nowMs);
      },
      (error) => {
        target.inFlight--;
        // Only a deadline that passed here says that nothing came from there.
        if (call.cancelled === undefined || verdictOf(error) === "unknown") latency.heard();
        failed(target, error, startMs);
      },
    );
    return reply;
  }

  function failed(target: Target, error: unknown, startMs: number): void {
    const nowMs = clock.nowMs();
    const latency = latencyOf(target, slot);
    const verdict = verdictOf(error);
    if (verdict === "unconnected") pool.broken(target, nowMs);
    if (verdict === "shedding") latency.shed(nowMs);
    if (verdict === "well") target.standing.succeeded(nowMs);
    if (verdict === "unwell" || verdict === "unknown") latency.failed(nowMs - startMs, nowMs);
    if (verdict === "unwell" && ejection !== false && target.standing.failed(ejection, nowMs)) ejected(target, nowMs);
  }

  function ejected(target: Target, nowMs: number): void {
    target.sinceMs = target.standing.outUntilMs;
    pool.changed();
    observer?.noted?.({
      kind: "ejected",
      service: operation.service,
      endpoint: target.id,
      outMs: target.standing.outUntilMs - nowMs,
    });
  }

  async function waitFor(call: Call): Promise<Reply> {
    const found = await pool.wait(call, policy.waitMs);
    call.atMs = clock.nowMs();
    const target = found ? choose(call) : undefined;
    if (target !== undefined) return attempt(call, target);
    throw nobody(operation);
  }

  return (call) => {
    const target = choose(call);
    return target === undefined ? waitFor(call) : attempt(call, target);
  };
}

function nobody(operation: Operation): CantleError {
  return new CantleError("UNAVAILABLE", `no instance of '${operation.service}' can take ${operationId(operation)}`, {
    retryAfterSeconds: 1,
  });
}

/** What is known of how long an operation takes there. */
function latencyOf({ latencies }: Target, slot: number): Latency {
  const known = latencies[slot];
  if (known !== undefined) return known;
  const latency = new Latency();
  latencies[slot] = latency;
  return latency;
}

/** How an endpoint is chosen for a call: undefined when there is none. */
function chooserOf({ operation, host: { random }, policy }: LayerPlan<OutboundHost>, pool: Pool) {
  const slot = pool.slotOf(operation);
  const balance = balancerOf(policy.balancing, { slot, random, slowStartMs: policy.slowStartMs });
  const route = policy.routes.length > 0 ? routerOf(policy.routes, random) : undefined;
  const share = sharingBy(random);
  return (call: Call): Target | undefined => {
    const all = pool.usable(call.atMs);
    const allowed = route === undefined ? all : route(all, call);
    const fresh = call.tried === undefined ? allowed : untried(allowed, call.tried);
    return fresh.length === 0 ? undefined : balance(share(fresh), call, call.atMs);
  };
}

/** Those a call has not been to; all, where it has been to all. */
function untried(targets: readonly Target[], tried: readonly string[]): readonly Target[] {
  const fresh = targets.filter(({ id }) => !tried.includes(id));
  return fresh.length > 0 ? fresh : targets;
}
