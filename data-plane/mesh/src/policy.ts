/**
 * Policies: what the mesh does beyond passing a call on, per service and operation. They belong to the system
 * (`system(..., { policies })`), never to handlers. Everything has a safe default.
 */
import type { Operation } from "@cantle/core";
import type { AdaptivePolicy } from "./adaptive-limit.ts";
import type { Balancing } from "./balancer.ts";
import type { BreakerPolicy } from "./breaker.ts";
import type { BulkheadPolicy } from "./bulkhead.ts";
import type { EjectionPolicy } from "./ejection.ts";
import type { Fallback } from "./fallback.ts";
import type { Fault } from "./fault.ts";
import type { BudgetPolicy } from "./retry-budget.ts";
import type { Route } from "./routing.ts";
import type { Criticality } from "./shedding.ts";

/** What can be set for an operation. A member that is an object is filled up with its own defaults. */
export interface Policy {
  /** Bounds the whole call, ms; default: the contract's `timeoutMs`. May only shorten it. */
  readonly timeoutMs?: number;
  /** How often a call that may be repeated is sent again; default 2, 0 for never. Each more multiplies load when all is failing. */
  readonly retriesMax?: number;
  /** How many retries a target's callers may make together; default `{ ratio: 0.2, perSecondMin: 1 }`. */
  readonly retryBudget?: Partial<BudgetPolicy>;
  /** How long a call waits for an instance that is starting or coming back, ms, within its deadline; default 5,000. */
  readonly waitMs?: number;
  /** How many calls of one operation an instance has in flight before it sheds the next; default 1,000. */
  readonly inFlightMax?: number;
  /** Which calls are shed first; default `default`. */
  readonly criticality?: Criticality;
  /** How late the event loop may be before calls are shed, ms; default 100. A stall alone is no reason, being late always is. */
  readonly delayMsMax?: number;
  /** A limit of calls in flight that finds itself, below `inFlightMax`; default `false`. For services that call no others. */
  readonly adaptive?: (Pick<AdaptivePolicy, "by"> & Partial<AdaptivePolicy>) | false;
  /** How an endpoint is picked; default `least-loaded`. */
  readonly balancing?: Balancing;
  /** For how long a new endpoint gets less than its share, ms; default 10,000, 0 for not at all. */
  readonly slowStartMs?: number;
  /** When an endpoint that answers badly is left out; on by default, `false` for never. */
  readonly ejection?: Partial<EjectionPolicy> | false;
  /** When the operation is not called any more for a while; on by default, `false` for never. */
  readonly breaker?: Partial<BreakerPolicy> | false;
  /** How many calls a process has out at once, and how many may wait for a place; default `false`: as many as come. */
  readonly bulkhead?: (Pick<BulkheadPolicy, "concurrentMax"> & Partial<BulkheadPolicy>) | false;
  /** What is answered where there is no answer; default `false`: the failure. */
  readonly fallback?: Fallback | false;
  /** After which time a GET is sent to a second endpoint as well; default `false`. About its p95 is a good one. */
  readonly hedge?: { readonly afterMs: number } | false;
  /** Whether identical GETs that are under way share one answer; default `false`. */
  readonly coalesce?: boolean;
  /** Which endpoints calls may go to; default all. */
  readonly routes?: readonly Route[];
  /** What is made to go wrong; default nothing. */
  readonly faults?: readonly Fault[];
}

/** A policy with nothing left open. */
export interface WholePolicy extends Required<Policy> {
  readonly retryBudget: BudgetPolicy;
  readonly ejection: EjectionPolicy | false;
  readonly breaker: BreakerPolicy | false;
  readonly bulkhead: BulkheadPolicy | false;
  readonly adaptive: AdaptivePolicy | false;
}

/** Policies by service or `service.operation`; `*` is for all. The more exact one wins, member by member. */
export type Policies = { readonly [target: string]: Policy };

/** Policies that may change while the system runs. Asked at every call: other policies are another object. */
export type PolicySource = () => Policies;

const defaults = {
  retriesMax: 2,
  waitMs: 5_000,
  inFlightMax: 1_000,
  balancing: "least-loaded",
  slowStartMs: 10_000,
  criticality: "default",
  delayMsMax: 100,
  adaptive: false,
  bulkhead: false,
  fallback: false,
  hedge: false,
  coalesce: false,
  routes: [],
  faults: [],
} as const;
const budget: BudgetPolicy = { ratio: 0.2, perSecondMin: 1 };
const ejection: EjectionPolicy = { failuresMax: 5, failureRatioMax: 0.5, callsMin: 20, outMs: 5_000 };
const adaptive = { latencyMs: 100, limitMin: 1, limitMax: 1_000, limitStart: 20 };
const breaker: Omit<BreakerPolicy, "probeMs"> = {
  failuresMax: 0,
  failureRatioMax: 0.5,
  slowMs: Number.POSITIVE_INFINITY,
  slowRatioMax: 1,
  windowMs: 10_000,
  windowCalls: 0,
  callsMin: 20,
  openMs: 1_000,
  openMsMax: 10_000,
  probesMax: 3,
};

/** The policy of one operation, with every default filled in. */
export function policyOf(operation: Operation, policies: Policies = {}): WholePolicy {
  const chosen = {
    timeoutMs: operation.timeoutMs,
    ...defaults,
    ...policies["*"],
    ...policies[operation.service],
    ...policies[`${operation.service}.${operation.name}`],
  };
  const timeoutMs = Math.min(chosen.timeoutMs, operation.timeoutMs);
  return {
    ...chosen,
    timeoutMs,
    retryBudget: { ...budget, ...chosen.retryBudget },
    ejection: chosen.ejection === false ? false : { ...ejection, ...chosen.ejection },
    breaker: chosen.breaker === false ? false : { ...breaker, probeMs: timeoutMs, ...chosen.breaker },
    adaptive: chosen.adaptive === false ? false : { ...adaptive, ...chosen.adaptive },
    bulkhead: chosen.bulkhead === false ? false : { queueMax: 0, ...chosen.bulkhead },
  };
}
