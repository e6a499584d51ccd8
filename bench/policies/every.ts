/** Policies for the bench: each on its own, and every one that can be on at once. */
import type { Policy } from "@cantle/mesh";

/** What is on for everybody (deadline, retries, breaker, ejection, budget, balancing) and one more each. */
export const single: Readonly<Record<string, Policy>> = {
  bulkhead: { bulkhead: { concurrentMax: 1_000 } },
  "slow calls": { breaker: { slowMs: 1_000 } },
  "fallback, a value": { fallback: { value: { state: "unknown" } } },
  "fallback, the last": { fallback: { last: true } },
  hedge: { hedge: { afterMs: 500 } },
  coalesce: { coalesce: true },
  routes: { routes: [{ when: { canary: "yes" }, to: [{ version: "1" }] }, { to: [{ version: "1" }] }] },
  faults: { faults: [{ when: { chaos: "yes" }, ratio: 0, delayMs: 1 }] },
};

/** What is left when those are off that are on for everybody. */
export const bare: Policy = { breaker: false, ejection: false, retriesMax: 0, slowStartMs: 0 };

/** All of them. Identical reads that share an answer would make it cheaper, not dearer, so they do not. */
export const every: Policy = {
  ...Object.assign({}, ...Object.values(single)),
  coalesce: false,
  // A limit that finds nothing to refuse: what is measured is what looking for it costs.
  adaptive: { by: "aimd", latencyMs: 1_000, limitStart: 1_000 },
};
