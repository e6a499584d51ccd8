/**
 * Policies: what the mesh does beyond passing a call on, per service and operation. They belong to the system
 * (`system(..., { policies })`), never to handlers.
 */
import type { Operation } from "@cantle/core";

/** What can be set for an operation. Everything has a safe default. */
export interface Policy {
  /** Bounds the whole call, ms; default: the contract's `timeoutMs`. May only shorten it. */
  readonly timeoutMs?: number;
  /** How often a call that may be repeated is sent again; default 2, 0 for never. Each more multiplies load when all is failing. */
  readonly retriesMax?: number;
  /** How long a call waits for an instance that is starting or coming back, ms, within its deadline; default 5,000. */
  readonly waitMs?: number;
  /** How many calls of one operation an instance has in flight before it sheds the next; default 1,000. */
  readonly inFlightMax?: number;
}

/** Policies by service or `service.operation`; `*` is for all. The more exact one wins, member by member. */
export type Policies = { readonly [target: string]: Policy };

const defaults = { retriesMax: 2, waitMs: 5_000, inFlightMax: 1_000 };

/** The policy of one operation, with every default filled in. */
export function policyOf(operation: Operation, policies: Policies = {}): Required<Policy> {
  const chosen = {
    timeoutMs: operation.timeoutMs,
    ...defaults,
    ...policies["*"],
    ...policies[operation.service],
    ...policies[`${operation.service}.${operation.name}`],
  };
  return { ...chosen, timeoutMs: Math.min(chosen.timeoutMs, operation.timeoutMs) };
}
