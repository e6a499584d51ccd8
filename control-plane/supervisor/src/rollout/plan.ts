/** What a rollout is asked to do: which instances take the place of which, and in which manner. */
import { CantleError } from "@cantle/core";
import { type Criteria, defaultCriteria } from "./verdict.ts";

/** One new instance after the other takes the place of an old one; never more than one too many. */
export interface Rolling {
  readonly kind: "rolling";
}

/** All new instances start beside the old ones without calls, then take all of them at once, and are judged while the old ones stay. */
export interface BlueGreen {
  readonly kind: "blue-green";
  /** How long the old ones stay, without calls, to go back to. Default 60 000; 0 keeps no way back, and asks for no verdict. */
  readonly keepMs: number;
  /** What is left out of the comparison. Default 3 000, a tenth of `keepMs` where that is less. */
  readonly warmUpMs: number;
  readonly criteria: Criteria;
  /** The upper bounds of the latency buckets but the last, which is open. */
  readonly boundsMs: readonly number[];
}

/** A few new instances take a growing share of the calls, and are judged at each step; the rest follows as `rolling`. */
export interface Canary {
  readonly kind: "canary";
  /** The shares of the calls, growing, each in (0, 1). Default 5, 25 and 50 %. */
  readonly shares: readonly number[];
  /** The fewest new instances of a step; a share takes as many as carry it, so that no canary is slow from load. Default 1. */
  readonly instancesMin: number;
  /** What a step leaves out of the comparison while caches and compilers warm up. Default 3 000. */
  readonly warmUpMs: number;
  /** When a step is judged by fewer calls than `criteria.callsMin`. Default 60 000. */
  readonly stepMs: number;
  /** After how many times `stepMs` it is said that calls are missing. Default 3. */
  readonly silenceFactor: number;
  /** What is done then: wait for calls, `promote` or `abort`; or go on; or back. Default `wait`. */
  readonly whenSilent: "wait" | "promote" | "roll-back";
  readonly criteria: Criteria;
  /** The upper bounds of the latency buckets but the last, which is open. */
  readonly boundsMs: readonly number[];
}

/** A manner of rolling out. */
export type Strategy = Rolling | BlueGreen | Canary;

/** One rollout of one unit. */
export interface RolloutPlan {
  /** The instances that run. */
  readonly old: readonly string[];
  /** As many others, which do not run yet. */
  readonly new: readonly string[];
  readonly strategy: Strategy;
  /** How long a new instance may take to be ready before all is rolled back. */
  readonly readyTimeoutMs: number;
}

/** A canary with the figures that run where nothing else is asked for. */
export function canary(boundsMs: readonly number[], figures: Partial<Omit<Canary, "kind" | "boundsMs">> = {}): Canary {
  const defaults = { shares: [0.05, 0.25, 0.5], instancesMin: 1, warmUpMs: 3_000, stepMs: 60_000, silenceFactor: 3 };
  return { kind: "canary", whenSilent: "wait", criteria: defaultCriteria, ...defaults, ...figures, boundsMs };
}

/** A blue-green rollout, judged by the figures that run where nothing else is asked for. */
export function blueGreen(boundsMs: readonly number[], keepMs: number): BlueGreen {
  return { kind: "blue-green", keepMs, warmUpMs: Math.min(3_000, keepMs / 10), criteria: defaultCriteria, boundsMs };
}

/** Throws `SYSTEM_INVALID` for a plan that cannot be carried out. */
export function checkPlan(plan: RolloutPlan): void {
  const { length: count } = plan.old;
  if (count === 0) throw invalid("nothing runs that could be replaced", "old");
  if (plan.new.length !== count)
    throw invalid(`${count} instances cannot be replaced by ${plan.new.length}: scale before or after`, "new");
  if (new Set([...plan.old, ...plan.new]).size !== 2 * count) throw invalid("two instances have one name", "new");
  if (!(plan.readyTimeoutMs > 0)) throw invalid(`${plan.readyTimeoutMs} ms are no time to get ready`, "readyTimeoutMs");
  if (plan.strategy.kind === "blue-green") checkBlueGreen(plan.strategy);
  if (plan.strategy.kind === "canary") checkCanary(plan.strategy, count);
}

function checkBlueGreen({ keepMs, warmUpMs, ...verdict }: BlueGreen): void {
  if (!(keepMs >= 0)) throw invalid(`${keepMs} ms cannot be waited`, "strategy.keepMs");
  if (!(warmUpMs >= 0)) throw invalid(`${warmUpMs} ms cannot be waited`, "strategy.warmUpMs");
  checkVerdict(verdict);
}

function checkCanary(strategy: Canary, count: number): void {
  const { shares, instancesMin, warmUpMs, stepMs, silenceFactor } = strategy;
  if (shares.length === 0 || !growing(shares) || !shares.every((share) => share < 1))
    throw invalid("the shares of a canary grow, above 0 and below 1", "strategy.shares");
  if (!Number.isInteger(instancesMin) || instancesMin < 1 || instancesMin > count)
    throw invalid(`a canary has 1 to ${count} instances, not ${instancesMin}`, "strategy.instancesMin");
  if (!(warmUpMs >= 0) || !(stepMs > 0) || !(silenceFactor >= 1))
    throw invalid("a step takes time: stepMs above 0, warmUpMs from 0, silenceFactor from 1", "strategy.stepMs");
  checkVerdict(strategy);
}

function checkVerdict({ boundsMs, criteria }: Pick<Canary, "boundsMs" | "criteria">): void {
  if (boundsMs.length === 0 || !growing(boundsMs))
    throw invalid("latency bounds grow from above 0", "strategy.boundsMs");
  if (!Object.values(criteria).every((figure) => figure > 0) || !(criteria.falseAlarmShare < 1))
    throw invalid("the figures of a verdict are above 0, and falseAlarmShare below 1", "strategy.criteria");
}

function growing(numbers: readonly number[]): boolean {
  return numbers.every((n, at) => n > (numbers[at - 1] ?? 0));
}

function invalid(message: string, member: string): CantleError {
  return new CantleError("SYSTEM_INVALID", message, { place: `rollout.${member}` });
}
