/**
 * A few new instances, a growing share of the calls, and a verdict at each step.
 *
 *     canaries ready ─▶ warming ─▶ measuring ─▶ worse: rolled back
 *          ▲                          │ not worse, and calls or time enough
 *          └──────── next share ◀─────┘ ─▶ last share: replace the rest
 *
 * C1. Looks come at doubling numbers of calls, and when calls or time are enough. Their number over the whole rollout sets how
 *     much each may risk (`verdict.ts`).
 * C2. A step is passed by calls enough of both releases, or by its time with at least those of a first look. With fewer nothing
 *     is decided: it waits, and says so once.
 */
import { named, readyCount } from "./fleet.ts";
import type { Canary } from "./plan.ts";
import { replaceRest } from "./replacing.ts";
import { rollBack } from "./rolling-back.ts";
import { believed, type Samples, since, type Tick } from "./sample.ts";
import { enter, type Measure, percent, type RolloutStep, type Stage, startThese, weigh } from "./step.ts";
import { judge } from "./verdict.ts";

type Weighing = Extract<Stage, { kind: "weighing" }>;
type Measuring = Extract<Measure, { kind: "measuring" }>;

/** Starts the canaries that the share of a step takes, those that do not run yet. */
export function startCanaries(
  step: RolloutStep,
  strategy: Canary,
  at: { step: number; looks: number; nowMs: number },
): RolloutStep {
  const idle = named(step.state.fleet, "new", "idle");
  const wanted = canariesOf(step, strategy, at.step) - (step.state.plan.new.length - idle.length);
  const reason = `canaries for ${percent(strategy.shares[at.step] as number)} of the calls`;
  const started = startThese(step, idle.slice(0, Math.max(0, wanted)), reason);
  const { nowMs: sinceMs, looks } = at;
  const waiting: Stage = { kind: "starting-canaries", step: at.step, looks, sinceMs };
  return canariesReady(enter(started, waiting), strategy, sinceMs);
}

/** Gives the canaries their share, when there are enough of them. */
export function canariesReady(step: RolloutStep, strategy: Canary, nowMs: number): RolloutStep {
  const { stage, fleet } = step.state;
  if (stage.kind !== "starting-canaries") return step;
  const wanted = canariesOf(step, strategy, stage.step);
  const ready = readyCount(fleet, "new");
  if (ready < wanted) return step;
  const { step: at, looks } = stage;
  const reason = `step ${at + 1} of ${strategy.shares.length}, ${ready} new instances are ready`;
  const weighing: Stage = {
    kind: "weighing",
    step: at,
    looks,
    sinceMs: nowMs,
    told: false,
    measure: { kind: "warming" },
  };
  return enter(weigh(step, strategy.shares[at] as number, reason), weighing);
}

/** Looks at what both releases answered, when it is time to. */
export function weighCanaries(step: RolloutStep, strategy: Canary, tick: Tick): RolloutStep {
  const { stage } = step.state;
  if (stage.kind !== "weighing") return step;
  const samples = believed(tick.samples, strategy.boundsMs);
  const elapsedMs = tick.nowMs - stage.sinceMs;
  const { measure } = stage;
  if (measure.kind === "warming") {
    if (samples === undefined || elapsedMs < strategy.warmUpMs) return awaitCalls(step, strategy, tick);
    return enter(step, { ...stage, measure: measuring(samples, strategy) });
  }
  const seen = samples === undefined ? undefined : since(measure.base, samples);
  // Something was counted anew: so do we.
  if (samples !== undefined && seen === undefined)
    return enter(step, { ...stage, measure: measuring(samples, strategy) });
  if (seen === undefined) return awaitCalls(step, strategy, tick);
  return look(step, strategy, { tick, seen, stage, measure });
}

interface Seen {
  readonly tick: Tick;
  readonly seen: Samples;
  readonly stage: Weighing;
  readonly measure: Measuring;
}

function look(step: RolloutStep, strategy: Canary, { tick, seen, stage, measure }: Seen): RolloutStep {
  const { criteria, boundsMs } = strategy;
  const over = tick.nowMs - stage.sinceMs >= strategy.stepMs;
  const enough = Math.min(seen.new.calls, seen.old.calls) >= criteria.callsMin;
  const some = seen.new.calls >= criteria.firstLookCallsMin;
  const due = seen.new.calls >= measure.lookAtCalls || ((over || enough) && some);
  if (!due) return awaitCalls(step, strategy, tick);
  const looks = stage.looks + 1;
  const verdict = judge(seen, { look: looks, criteria, boundsMs });
  if (verdict.kind === "worse") return rollBack(step, verdict.reason);
  if (enough || over) return nextStep(step, strategy, { reason: verdict.reason, looks, nowMs: tick.nowMs });
  return enter(step, { ...stage, looks, measure: { ...measure, lookAtCalls: 2 * seen.new.calls } });
}

/** Nothing to decide by. After a while that is said, once, or decided without (C2). */
function awaitCalls(step: RolloutStep, strategy: Canary, tick: Tick): RolloutStep {
  const { stage } = step.state;
  if (stage.kind !== "weighing" || stage.told) return step;
  const elapsedMs = tick.nowMs - stage.sinceMs;
  if (elapsedMs < strategy.stepMs * strategy.silenceFactor) return step;
  const told: Stage = { ...stage, told: true };
  const reason =
    `fewer than ${strategy.criteria.firstLookCallsMin} calls measured at the new release in ${elapsedMs} ms ` +
    `at ${percent(step.state.share)}: nothing to judge by`;
  switch (strategy.whenSilent) {
    case "wait":
      return enter(step, told, { kind: "tell", reason: `${reason}; waiting for calls, promote or abort` });
    case "promote":
      return nextStep(enter(step, told), strategy, { reason, looks: stage.looks, nowMs: tick.nowMs });
    case "roll-back":
      return rollBack(step, reason);
  }
}

function nextStep(
  step: RolloutStep,
  strategy: Canary,
  passed: { reason: string; looks: number; nowMs: number },
): RolloutStep {
  const { stage } = step.state;
  if (stage.kind !== "weighing") return step;
  const reason = `step ${stage.step + 1} of ${strategy.shares.length} passed: ${passed.reason}`;
  const told = enter(step, stage, { kind: "tell", reason });
  if (stage.step + 1 === strategy.shares.length) return replaceRest(told, passed.nowMs);
  return startCanaries(told, strategy, { step: stage.step + 1, looks: passed.looks, nowMs: passed.nowMs });
}

/** As many as carry the share of a step as the old ones carried all. */
function canariesOf(step: RolloutStep, strategy: Canary, at: number): number {
  const share = strategy.shares[at] as number;
  return Math.max(strategy.instancesMin, Math.ceil(share * step.state.plan.new.length));
}

function measuring(base: Samples, { criteria }: Canary): Measure {
  return { kind: "measuring", base, lookAtCalls: criteria.firstLookCallsMin };
}
