/** How many instances a unit may have, and what each of them should have to do. */
import { CantleError } from "@cantle/core";

/** What can be measured of a unit. */
export type Metric = "inFlight" | "cpu" | "loopUtilisation" | "queueLag";

/** The metrics, in the order in which reasons name them. */
export const metrics: readonly Metric[] = ["inFlight", "cpu", "loopUtilisation", "queueLag"];

/** What one instance should have of each metric, on average. At least one is given; the one that needs most decides. */
export interface Target {
  /** Calls in flight per instance. */
  readonly inFlight?: number;
  /** Cores in use per instance: 0.6 is 60 % of one core. */
  readonly cpu?: number;
  /** The share of time in which the event loop is busy, below 1. */
  readonly loopUtilisation?: number;
  /** Messages waiting, divided by the instances. */
  readonly queueLag?: number;
}

/** The scaling of one unit (Kubernetes: HorizontalPodAutoscaler). */
export interface ScalingPolicy {
  /** Never fewer, from 1. */
  readonly min: number;
  /** Never more. */
  readonly max: number;
  readonly target: Target;
  /** How far the load may be from the target before anything is done, as a share of it. Default 0.1; 0 follows any noise. */
  readonly toleranceShare: number;
  /** The pause after scaling up, in which the new ones take their part. Default 5 000; 0 may overshoot. */
  readonly upCooldownMs: number;
  /** For how long fewer must have been enough before there are fewer. Default 60 000; short ones swing with the load. */
  readonly downStabilisationMs: number;
  /** The pause between two steps down. Default 10 000. */
  readonly downCooldownMs: number;
  /** The most that one step adds or takes away. Default 16; besides, it at most doubles (or adds 4), and at most halves. */
  readonly stepMax: number;
  /** From what age a measurement says nothing any more. Default 5 000. */
  readonly staleMs: number;
}

/** A policy with the figures that run where nothing else is asked for. */
export function scalingPolicy(figures: Pick<ScalingPolicy, "min" | "max" | "target"> & Partial<ScalingPolicy>) {
  const pauses = { upCooldownMs: 5_000, downStabilisationMs: 60_000, downCooldownMs: 10_000 };
  const policy: ScalingPolicy = { toleranceShare: 0.1, stepMax: 16, staleMs: 5_000, ...pauses, ...figures };
  return checkScaling(policy);
}

/** The most instances that a policy may ask for. */
export const scaledInstancesMax = 512;

/** The policy itself; throws `SYSTEM_INVALID` for one that makes no sense. */
export function checkScaling(policy: ScalingPolicy): ScalingPolicy {
  const { min, max, target, toleranceShare, stepMax, staleMs } = policy;
  if (!Number.isInteger(min) || min < 1) throw invalid(`a unit has at least 1 instance, not ${min}`, "min");
  if (!Number.isInteger(max) || max < min || max > scaledInstancesMax)
    throw invalid(`${max} is not between min (${min}) and ${scaledInstancesMax}`, "max");
  const targets = metrics.filter((metric) => target[metric] !== undefined);
  if (targets.length === 0) throw invalid(`nothing is aimed at; give one of ${metrics.join(", ")}`, "target");
  for (const metric of targets) checkTarget(metric, target[metric] as number);
  if (!(toleranceShare >= 0 && toleranceShare < 1))
    throw invalid(`${toleranceShare} is not a share from 0 and below 1`, "toleranceShare");
  if (!Number.isInteger(stepMax) || stepMax < 1) throw invalid(`a step of ${stepMax} leads nowhere`, "stepMax");
  if (!(staleMs > 0 && staleMs < Number.POSITIVE_INFINITY))
    throw invalid(`${staleMs} ms make every measurement stale`, "staleMs");
  for (const pause of ["upCooldownMs", "downStabilisationMs", "downCooldownMs"] as const)
    if (!(policy[pause] >= 0 && policy[pause] < Number.POSITIVE_INFINITY))
      throw invalid(`${policy[pause]} ms cannot be waited`, pause);
  return policy;
}

function checkTarget(metric: Metric, value: number): void {
  if (!(value > 0 && value <= 1e9)) throw invalid(`${value} cannot be aimed at`, `target.${metric}`);
  if (metric === "loopUtilisation" && value >= 1)
    throw invalid("an event loop is never busier than 1, so aim below", "target.loopUtilisation");
}

function invalid(message: string, member: string): CantleError {
  return new CantleError("SYSTEM_INVALID", message, { place: `scaling.${member}` });
}
