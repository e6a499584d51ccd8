/**
 * What the two releases of a rollout have answered, from the load reports of their processes. A process that ended, or was
 * started again, keeps what it had counted, so the sums only grow.
 */

import { type LoadReport, latencyBoundMs, latencyBuckets } from "../load.ts";
import type { InstanceLoad } from "../spec.ts";
import { quantileMs, type ReleaseSample, type Samples } from "./sample.ts";

/** The upper bounds of the latency buckets but the last, which is open. */
export const boundsMs: readonly number[] = Array.from({ length: latencyBuckets - 1 }, (_, at) => latencyBoundMs(at));

/** Counts of both releases. */
export class Tally {
  readonly #old: ReadonlySet<string>;
  readonly #new: ReadonlySet<string>;
  /** Process → its last report. */
  readonly #reports = new Map<string, { readonly instance: string; readonly report: LoadReport }>();

  constructor(plan: { readonly old: readonly string[]; readonly new: readonly string[] }) {
    this.#old = new Set(plan.old);
    this.#new = new Set(plan.new);
  }

  /** Takes in what was heard last. */
  hear(loads: readonly InstanceLoad[]): void {
    for (const { instance, generation, report } of loads)
      if (this.#old.has(instance) || this.#new.has(instance))
        this.#reports.set(`${instance}.${generation}`, { instance, report });
  }

  get samples(): Samples {
    return { old: this.#sum(this.#old), new: this.#sum(this.#new) };
  }

  #sum(instances: ReadonlySet<string>): ReleaseSample {
    const latency = new Array<number>(latencyBuckets).fill(0);
    let calls = 0;
    let failed = 0;
    for (const { instance, report } of this.#reports.values()) {
      if (!instances.has(instance)) continue;
      calls += report.calls;
      failed += report.failedCalls;
      for (const [bucket, count] of report.latencies.entries()) latency[bucket] = (latency[bucket] as number) + count;
    }
    return { calls, failed, latency };
  }
}

/** What people compare. */
export interface ReleaseFigures {
  readonly calls: number;
  readonly failed: number;
  /** Null without calls. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** The figures of a sample. */
export function figuresOf({ calls, failed, latency }: ReleaseSample): ReleaseFigures {
  const quantile = (share: number) => {
    const ms = quantileMs(latency, boundsMs, share);
    return Number.isFinite(ms) ? Math.round(ms * 100) / 100 : null;
  };
  return { calls, failed, p50Ms: quantile(0.5), p95Ms: quantile(0.95) };
}
