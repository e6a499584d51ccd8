/**
 * Whether the new release is worse than the old one, by what both answered at the same time.
 *
 * V1. Worse needs both: that chance is no explanation (a test), and that it matters (a margin). Without the first every
 *     hiccup ends a rollout, without the second any difference does, once there are calls enough.
 * V2. Who looks often finds something: the k-th look of a rollout may spend 6/(π²·k²) of the significance, which sums to all
 *     of it over however many looks (alpha spending with an unbounded horizon). Half of it is for failures, half for latency.
 *     So a release as good as the old one is rolled back with at most that probability, over the whole rollout.
 * V3. "Not worse" is no proof of being as good. How many calls that takes is the business of who asks (`canary.ts`).
 *
 * The tests take calls as independent. Failures that come in bursts on one instance are not; the margins absorb some of it.
 */
import { failsMoreP, type Trials } from "./proportion-test.ts";
import { slowerP } from "./rank-test.ts";
import { quantileMs, type ReleaseSample, type Samples } from "./sample.ts";

/** When a release counts as worse. */
export interface Criteria {
  /** The most a whole rollout may risk rolling back a good release. Default 0.01; more is quicker and more often wrong. */
  readonly falseAlarmShare: number;
  /** From how many calls of the new release there is a first look; the next come at twice as many each. Default 25. */
  readonly firstLookCallsMin: number;
  /** How many calls of either release are enough to go on. Default 300, which shows one failure in 20 nearly always. */
  readonly callsMin: number;
  /** With fewer failed calls than these nothing is said: one failed call is not a pattern. Default 3. */
  readonly failuresMin: number;
  /** By how much of its calls the new release must fail more often. Default 0.005. */
  readonly failureMarginShare: number;
  /** What an old release without calls is taken to fail of its calls. Default 0.01. */
  readonly assumedFailureShare: number;
  /** How many times slower the new release's median or 95th percentile must be. Default 1.25. */
  readonly latencyFactor: number;
  /** And by how much at least: a bucket is not finer. Default 5. */
  readonly latencyMarginMs: number;
}

/** What runs where nothing else is asked for. */
export const defaultCriteria: Criteria = {
  falseAlarmShare: 0.01,
  firstLookCallsMin: 25,
  callsMin: 300,
  failuresMin: 3,
  failureMarginShare: 0.005,
  assumedFailureShare: 0.01,
  latencyFactor: 1.25,
  latencyMarginMs: 5,
};

/** A verdict with its numbers. */
export interface Verdict {
  readonly kind: "worse" | "not-worse";
  readonly reason: string;
}

/** How the samples are looked at. */
export interface Look {
  /** Which look of the rollout this is, counted from 1 (V2). */
  readonly look: number;
  readonly criteria: Criteria;
  /** The upper bounds of the latency buckets but the last. */
  readonly boundsMs: readonly number[];
}

/** Compares two releases over the same time. */
export function judge(samples: Samples, look: Look): Verdict {
  const level = (look.criteria.falseAlarmShare / 2) * (6 / (Math.PI * look.look) ** 2);
  const failures = judgeFailures(samples, look.criteria, level);
  if (failures.kind === "worse") return failures;
  const latency = judgeLatency(samples, look, level);
  return latency.kind === "worse" ? latency : { ...latency, reason: `${failures.reason}; ${latency.reason}` };
}

function judgeFailures(samples: Samples, criteria: Criteria, level: number): Verdict {
  const suspect = samples.new;
  const baseline = baselineOf(samples.old, criteria);
  const p = failsMoreP(baseline, suspect);
  const excess = shareOf(suspect) - shareOf(baseline);
  const matters = suspect.failed >= criteria.failuresMin && excess >= criteria.failureMarginShare;
  const assumed = baseline === samples.old ? "" : " assumed";
  const reason =
    `new failed ${suspect.failed} of ${suspect.calls} calls (${percent(shareOf(suspect))}), ` +
    `old ${baseline.failed} of ${baseline.calls}${assumed} (${percent(shareOf(baseline))}), p ${short(p)}`;
  return matters && p < level ? worse(`${reason} < ${short(level)}`) : notWorse(reason);
}

function judgeLatency(samples: Samples, { criteria, boundsMs }: Look, level: number): Verdict {
  const timedCounts = [samples.old, samples.new].map(({ latency }) => latency.reduce((sum, count) => sum + count, 0));
  const fewest = Math.min(...timedCounts);
  if (fewest < criteria.firstLookCallsMin) return notWorse(`too few latencies (${fewest}) to compare`);
  const p = slowerP(samples.old.latency, samples.new.latency);
  const compared = [0.5, 0.95].map((share) => {
    const oldMs = quantileMs(samples.old.latency, boundsMs, share);
    const newMs = quantileMs(samples.new.latency, boundsMs, share);
    const matters = newMs >= oldMs * criteria.latencyFactor && newMs - oldMs >= criteria.latencyMarginMs;
    return { matters, text: `p${share * 100} new ${short(newMs)} ms, old ${short(oldMs)} ms` };
  });
  const reason = `${compared.map(({ text }) => text).join(", ")}, p ${short(p)}`;
  const matters = compared.some((quantile) => quantile.matters);
  return matters && p < level ? worse(`${reason} < ${short(level)}`) : notWorse(reason);
}

/** An old release that answers next to nothing says nothing: then the new one is held against an assumed share. */
function baselineOf(old: ReleaseSample, criteria: Criteria): Trials {
  if (old.calls >= criteria.firstLookCallsMin) return old;
  return { calls: 10_000, failed: Math.round(10_000 * criteria.assumedFailureShare) };
}

function shareOf({ calls, failed }: Trials): number {
  return calls === 0 ? 0 : failed / calls;
}

function worse(reason: string): Verdict {
  return { kind: "worse", reason };
}

function notWorse(reason: string): Verdict {
  return { kind: "not-worse", reason };
}

function percent(share: number): string {
  return `${short(share * 100)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}
