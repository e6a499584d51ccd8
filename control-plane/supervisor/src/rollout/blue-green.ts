/**
 * All new instances at once, beside the old ones; one switch; and a verdict while the old ones are kept.
 *
 *     starting-all ─▶ keeping: warming ─▶ measuring ─▶ worse: rolled back, which is one switch too
 *                                             └─▶ the time is over: replace the rest
 *
 * B1. Both releases never answer at the same time, so the new one is held against what the old one answered before the switch: since
 *     the rollout began, as that was nearly the same hour, or where that was too little, since the old processes were started.
 *     Whatever else changed with the switch (the load, a neighbour that broke) counts against the new release: a canary knows better.
 * B2. Looks come at doubling numbers of calls, and one at the end; they spend the same significance as those of a canary.
 * B3. Without calls there is no verdict. The time ends it all the same, as a switch by hand would stand too, and that is told.
 */
import type { BlueGreen } from "./plan.ts";
import { replaceRest } from "./replacing.ts";
import { rollBack } from "./rolling-back.ts";
import { believed, difference, type ReleaseSample, type Samples, type Tick } from "./sample.ts";
import { enter, type RolloutStep, type Stage, weigh } from "./step.ts";
import { judge } from "./verdict.ts";

type Keeping = Extract<Stage, { kind: "keeping" }>;

/** Remembers where the old release stood when the rollout began (B1). */
export function noteBase(step: RolloutStep, { boundsMs }: BlueGreen, { samples }: Tick): RolloutStep {
  const { stage } = step.state;
  const base = believed(samples, boundsMs);
  if (stage.kind !== "starting-all" || stage.base !== undefined || base === undefined) return step;
  return enter(step, { ...stage, base });
}

/** Gives the new release all calls. */
export function switchOver(step: RolloutStep, nowMs: number): RolloutStep {
  const { stage, plan } = step.state;
  if (stage.kind !== "starting-all") return step;
  const switched = weigh(step, 1, `all ${plan.new.length} new instances are ready`);
  if (stage.promoted) return replaceRest(switched, nowMs);
  const measure = { kind: "warming", base: stage.base } as const;
  return enter(switched, { kind: "keeping", sinceMs: nowMs, looks: 0, measure });
}

/** Looks at what the new release answers, when it is time to; ends when the time is over. */
export function weighSwitched(step: RolloutStep, strategy: BlueGreen, tick: Tick): RolloutStep {
  const { stage } = step.state;
  if (stage.kind !== "keeping") return step;
  const isOver = tick.nowMs - stage.sinceMs >= strategy.keepMs;
  const samples = believed(tick.samples, strategy.boundsMs);
  if (stage.measure.kind === "warming") {
    if (isOver) return unjudged(step, strategy, { calls: 0, nowMs: tick.nowMs });
    if (samples === undefined || tick.nowMs - stage.sinceMs < strategy.warmUpMs) return step;
    return enter(step, measured(stage, samples, strategy));
  }
  const seen = samples && difference(stage.measure.from, samples.new);
  // Something was counted anew, so nobody knows what came since.
  if (seen === undefined || seen.calls < 0)
    return isOver ? unjudged(step, strategy, { calls: 0, nowMs: tick.nowMs }) : step;
  return look(step, strategy, { stage, seen, isOver, nowMs: tick.nowMs });
}

function measured(stage: Keeping, samples: Samples, { criteria }: BlueGreen): Stage {
  const { base } = stage.measure as Keeping["measure"] & { readonly kind: "warming" };
  const lately = base && difference(base.old, samples.old);
  const isEnough = lately !== undefined && lately.calls >= criteria.firstLookCallsMin;
  const baseline = isEnough ? lately : samples.old;
  const lookAtCalls = criteria.firstLookCallsMin;
  return { ...stage, measure: { kind: "measuring", baseline, from: samples.new, lookAtCalls } };
}

interface Seen {
  readonly stage: Keeping;
  readonly seen: ReleaseSample;
  readonly isOver: boolean;
  readonly nowMs: number;
}

function look(step: RolloutStep, strategy: BlueGreen, { stage, seen, isOver, nowMs }: Seen): RolloutStep {
  const { criteria, boundsMs } = strategy;
  const { measure } = stage;
  if (measure.kind !== "measuring") return step;
  const { calls } = seen;
  if (calls < criteria.firstLookCallsMin) return isOver ? unjudged(step, strategy, { calls, nowMs }) : step;
  if (calls < measure.lookAtCalls && !isOver) return step;
  const looks = stage.looks + 1;
  const verdict = judge({ old: measure.baseline, new: seen }, { look: looks, criteria, boundsMs });
  if (verdict.kind === "worse") return rollBack(step, `${verdict.reason}, before the switch and after it`);
  const reason = `kept for ${strategy.keepMs} ms: ${verdict.reason}, before the switch and after it`;
  if (isOver) return replaceRest(enter(step, stage, { kind: "tell", reason }), nowMs);
  return enter(step, { ...stage, looks, measure: { ...measure, lookAtCalls: 2 * calls } });
}

/** Stands without a verdict (B3). */
function unjudged(
  step: RolloutStep,
  { keepMs, criteria }: BlueGreen,
  { calls, nowMs }: { readonly calls: number; readonly nowMs: number },
): RolloutStep {
  const fewest = criteria.firstLookCallsMin;
  const reason = `kept for ${keepMs} ms without a verdict: ${calls} calls were measured, ${fewest} are the fewest to judge by`;
  return replaceRest(enter(step, step.state.stage, { kind: "tell", reason }), nowMs);
}
