/**
 * A new release takes the place of an old one, as a pure machine.
 *
 *     rolling                                                     ┌─▶ replacing ─▶ finished (released)
 *     canary      starting-canaries ⇄ weighing ───────────────────┤
 *     blue-green  starting-all ─▶ keeping, and judging ───────────┘
 *     from any of them: failed · worse · too late · abort ─▶ rolling-back ─▶ finished (rolled-back)
 *
 * 1. No action leaves fewer instances ready than there were before.
 * 2. Rolling back ends with all old instances ready and no new one, however far it had gone.
 * 3. Nothing is asked for twice; events that do not fit, late or repeated, change nothing.
 * 4. Every action has a reason with its numbers.
 * 5. Promote and abort are heeded at any time before the end; on the way back a promote is answered with a word.
 *
 * It starts no process and counts no call. One rollout of a unit at a time, and no scaling meanwhile, is its owner's rule.
 */
import { noteBase, switchOver, weighSwitched } from "./blue-green.ts";
import { canariesReady, startCanaries, weighCanaries } from "./canary.ts";
import { type Fleet, fleetOf, moved, named, type Phase, readyCount } from "./fleet.ts";
import { checkPlan, type RolloutPlan } from "./plan.ts";
import { awaitReady, replaceNext, replaceRest } from "./replacing.ts";
import { goBack, rollBack } from "./rolling-back.ts";
import type { Samples } from "./sample.ts";
import { enter, percent, type RolloutEvent, type RolloutState, type RolloutStep, startThese, stay } from "./step.ts";

/** Begins; throws `SYSTEM_INVALID` for a plan that cannot be carried out. */
export function beginRollout(plan: RolloutPlan, nowMs: number): RolloutStep {
  checkPlan(plan);
  const { strategy } = plan;
  const begun = stay({ plan, fleet: fleetOf(plan), share: 0, stage: { kind: "replacing", sinceMs: nowMs } });
  switch (strategy.kind) {
    case "rolling":
      return replaceRest(begun, nowMs);
    case "blue-green": {
      const started = startThese(begun, plan.new, `${plan.new.length} new instances beside the old ones`);
      return enter(started, { kind: "starting-all", promoted: false, sinceMs: nowMs });
    }
    case "canary":
      return startCanaries(begun, strategy, { step: 0, looks: 0, nowMs });
  }
}

/** Decides. */
export function rollout(state: RolloutState, event: RolloutEvent, nowMs: number): RolloutStep {
  if (state.stage.kind === "finished") return stay(state);
  switch (event.kind) {
    case "ready":
      return onMoved(state, move(state.fleet, event.instance, { from: ["starting"], to: "ready" }), nowMs);
    case "drained":
      return onMoved(state, move(state.fleet, event.instance, { from: ["draining"], to: "gone" }), nowMs);
    case "failed":
      return onFailed(state, event.instance, nowMs);
    case "tick":
      return onTick(stay(state), event.samples, nowMs);
    case "promote":
      return onPromote(stay(state), nowMs);
    case "abort":
      return giveUp(state, "aborted");
    case "timeout":
      return giveUp(state, "the rollout took too long");
  }
}

function onMoved(state: RolloutState, fleet: Fleet, nowMs: number): RolloutStep {
  return proceed(stay({ ...state, fleet }), nowMs);
}

/** An old instance that fails is the supervisor's business; a new one is what a rollout is there to notice. */
function onFailed(state: RolloutState, instance: string, nowMs: number): RolloutStep {
  const fleet = move(state.fleet, instance, { from: ["ready"], to: "starting" });
  const isNew = named(fleet, "new", "starting").includes(instance);
  if (!isNew || state.stage.kind === "rolling-back") return onMoved(state, fleet, nowMs);
  const others = `${readyCount(fleet, "new")} of ${state.plan.new.length} new instances are ready`;
  return rollBack(stay({ ...state, fleet }), `${instance} failed; ${others}`);
}

/** Does what the fleet now allows. */
function proceed(step: RolloutStep, nowMs: number): RolloutStep {
  const { stage, plan, fleet } = step.state;
  switch (stage.kind) {
    case "replacing":
      return replaceNext(step, nowMs);
    case "rolling-back":
      return goBack(step, stage.reason);
    case "starting-canaries":
      return plan.strategy.kind === "canary" ? canariesReady(step, plan.strategy, nowMs) : step;
    case "starting-all":
      return readyCount(fleet, "new") < plan.new.length ? step : switchOver(step, nowMs);
    case "weighing":
    case "keeping":
    case "finished":
      return step;
  }
}

function onTick(step: RolloutStep, samples: Samples | undefined, nowMs: number): RolloutStep {
  const { stage, plan } = step.state;
  const { strategy } = plan;
  switch (stage.kind) {
    case "starting-all": {
      const noted = strategy.kind === "blue-green" ? noteBase(step, strategy, { nowMs, samples }) : step;
      return awaitReady(noted, stage.sinceMs, nowMs);
    }
    case "starting-canaries":
    case "replacing":
      return awaitReady(step, stage.sinceMs, nowMs);
    case "weighing":
      return strategy.kind === "canary" ? weighCanaries(step, strategy, { nowMs, samples }) : step;
    case "keeping":
      return strategy.kind === "blue-green" ? weighSwitched(step, strategy, { nowMs, samples }) : step;
    case "rolling-back":
    case "finished":
      return step;
  }
}

function onPromote(step: RolloutStep, nowMs: number): RolloutStep {
  const { stage, share, plan } = step.state;
  switch (stage.kind) {
    case "starting-canaries":
    case "weighing":
    case "keeping":
      return replaceRest(step, nowMs);
    case "starting-all":
      return enter(step, { ...stage, promoted: true });
    case "rolling-back": {
      const reason = `not promoted: on the way back to ${plan.old.length} old instances, as ${stage.reason}`;
      return enter(step, stage, { kind: "tell", reason });
    }
    case "replacing":
    case "finished":
      return enter(step, stage, { kind: "tell", reason: `nothing to skip at ${percent(share)} of the calls` });
  }
}

function giveUp(state: RolloutState, reason: string): RolloutStep {
  return state.stage.kind === "rolling-back" ? stay(state) : rollBack(stay(state), reason);
}

function move(fleet: Fleet, instance: string, step: { from: readonly Phase[]; to: Phase }): Fleet {
  return moved(fleet, [instance], step);
}
