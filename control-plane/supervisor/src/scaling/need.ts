/**
 * How many instances the load needs, by one metric and by all: the algorithm of Kubernetes' HorizontalPodAutoscaler
 * (kubernetes.io, "Horizontal Pod Autoscaling", algorithm details), counted in absolute load.
 *
 *     needed = ceil(sum over the ready instances / target)        which is ceil(ready · average / target)
 *
 * N1. An instance that is starting is neither load nor capacity: it is among the wanted ones, so it is not asked for twice, and
 *     its rest does not make the others look idle.
 * N2. A ready instance without a measurement counts as 0 where more are needed, and forbids fewer. The same holds for a metric that
 *     is not known at all.
 * N3. Within the tolerance of what the wanted instances should have, nothing is needed but them.
 * N4. The metric that needs most decides.
 */
import { type Metric, metrics, type ScalingPolicy } from "./policy.ts";

/** Beyond this, how many more are needed makes no difference. */
const countMax = 1e6;

/** What is known of one metric. */
export interface MetricLoad {
  readonly metric: Metric;
  /** The sum of what is known. */
  readonly load: number;
  /** From how many sources it comes, and how many there should be. */
  readonly knownCount: number;
  readonly sourceCount: number;
}

/** What the load needs, whatever the bounds of the policy; or nothing that could be said. */
export type Need =
  | { readonly kind: "known"; readonly count: number; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** What all metrics of the policy together need, of a unit that is wanted so many times. */
export function needOf(loads: readonly MetricLoad[], wantedCount: number, policy: ScalingPolicy): Need {
  const inputs = loads.map((load) => describe(load, policy)).join("; ");
  const counts = loads.filter(({ knownCount }) => knownCount > 0).map((load) => countFor(load, wantedCount, policy));
  const most = Math.max(0, ...counts);
  const complete = loads.every(({ knownCount, sourceCount }) => knownCount === sourceCount && sourceCount > 0);
  if (!complete && most <= wantedCount) return { kind: "unknown", reason: inputs };
  return { kind: "known", count: most, reason: inputs };
}

/** The metrics that a policy aims at. */
export function aims(policy: ScalingPolicy): readonly Metric[] {
  return metrics.filter((metric) => policy.target[metric] !== undefined);
}

/** Between the bounds of a policy. */
export function clamp(count: number, { min, max }: ScalingPolicy): number {
  return Math.min(max, Math.max(min, count));
}

function countFor({ metric, load }: MetricLoad, wantedCount: number, policy: ScalingPolicy): number {
  const target = policy.target[metric] as number;
  const ratio = load / (target * wantedCount);
  if (Math.abs(ratio - 1) <= policy.toleranceShare) return wantedCount;
  return Math.min(countMax, Math.ceil(load / target));
}

function describe({ metric, load, knownCount, sourceCount }: MetricLoad, policy: ScalingPolicy): string {
  const target = policy.target[metric] as number;
  if (knownCount === 0) return `${metric} not known (0 of ${sourceCount} measured)`;
  const measured = `${knownCount} of ${sourceCount} measured`;
  return `${metric} ${short(load)} in all at ${short(target)} each (${measured})`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
