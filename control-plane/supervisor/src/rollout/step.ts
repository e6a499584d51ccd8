/**
 * The words of a rollout: where it stands, what happens, what is to be done. And the few ways to change it, each of which
 * writes down what it asks for: asking again for the same is nothing.
 */
import { type Fleet, moved } from "./fleet.ts";
import type { RolloutPlan } from "./plan.ts";
import type { ReleaseSample, Samples } from "./sample.ts";

/** How a rollout can end. */
export type Outcome = "released" | "rolled-back";

/** What a rollout is waiting for. */
export type Stage =
  /** Canaries enough for the share of `step`. */
  | { readonly kind: "starting-canaries"; readonly step: number; readonly looks: number; readonly sinceMs: number }
  /** A verdict on the canaries; `told` when it has been said that calls are missing. */
  | {
      readonly kind: "weighing";
      readonly step: number;
      readonly looks: number;
      readonly sinceMs: number;
      readonly told: boolean;
      readonly measure: Measure;
    }
  /** All new instances, beside the old ones. */
  | { readonly kind: "starting-all"; readonly promoted: boolean; readonly sinceMs: number; readonly base?: Samples }
  /** A verdict on them, for as long as the old ones stay. */
  | { readonly kind: "keeping"; readonly sinceMs: number; readonly looks: number; readonly measure: SwitchedMeasure }
  /** One new instance after the other, and the end of the old ones. */
  | { readonly kind: "replacing"; readonly sinceMs: number }
  /** The old ones, all of them, and the end of the new ones. */
  | { readonly kind: "rolling-back"; readonly reason: string }
  | { readonly kind: "finished"; readonly outcome: Outcome; readonly reason: string };

/** What is compared: nothing while the canaries warm up, then what came after `base`; the next look is at so many calls. */
export type Measure =
  | { readonly kind: "warming" }
  | { readonly kind: "measuring"; readonly base: Samples; readonly lookAtCalls: number };

/** What is compared after a switch: nothing at first, then what the new release answers after `from` with what the old one had answered. */
export type SwitchedMeasure =
  | { readonly kind: "warming"; readonly base: Samples | undefined }
  | {
      readonly kind: "measuring";
      readonly baseline: ReleaseSample;
      readonly from: ReleaseSample;
      readonly lookAtCalls: number;
    };

/** A rollout. Plain data: it can be stored. */
export interface RolloutState {
  readonly plan: RolloutPlan;
  readonly fleet: Fleet;
  /** The share of the calls that goes to the new release. */
  readonly share: number;
  readonly stage: Stage;
}

/** What happened. */
export type RolloutEvent =
  | { readonly kind: "ready"; readonly instance: string }
  /** It ended, or did not become ready; the supervisor goes on starting it until it is told to drain it. */
  | { readonly kind: "failed"; readonly instance: string }
  | { readonly kind: "drained"; readonly instance: string }
  /** Time passes. The samples count from anywhere before the rollout; absent when there are none. */
  | { readonly kind: "tick"; readonly samples?: Samples }
  /** Somebody wants no more verdicts and no more waiting. */
  | { readonly kind: "promote" }
  /** Somebody wants the old release. */
  | { readonly kind: "abort" }
  /** The whole took longer than whoever asked for it allows. */
  | { readonly kind: "timeout" };

/** What is to be done, and why. */
export type RolloutAction =
  /** Start these; they get calls by the share of their release. */
  | { readonly kind: "start"; readonly instances: readonly string[]; readonly reason: string }
  /** Give the new release this share of the calls, the old one the rest. */
  | { readonly kind: "weights"; readonly share: number; readonly reason: string }
  /** Drain these and end them; one that is not ready is simply ended. */
  | { readonly kind: "drain"; readonly instances: readonly string[]; readonly reason: string }
  /** Tell whoever looks; the actions that carry it out follow. */
  | { readonly kind: "roll-back"; readonly reason: string }
  /** Tell whoever looks. */
  | { readonly kind: "tell"; readonly reason: string }
  | { readonly kind: "finish"; readonly outcome: Outcome; readonly reason: string };

/** A decision: what to do, in this order. */
export interface RolloutStep {
  readonly state: RolloutState;
  readonly actions: readonly RolloutAction[];
}

/** Nothing to do. */
export function stay(state: RolloutState): RolloutStep {
  return { state, actions: [] };
}

/** Goes to another stage, with or without a word. */
export function enter(step: RolloutStep, stage: Stage, ...told: readonly RolloutAction[]): RolloutStep {
  return { state: { ...step.state, stage }, actions: [...step.actions, ...told] };
}

/** Starts instances, those that do not run. */
export function startThese(step: RolloutStep, instances: readonly string[], reason: string): RolloutStep {
  if (instances.length === 0) return step;
  const fleet = moved(step.state.fleet, instances, { from: ["idle", "gone"], to: "starting" });
  return { state: { ...step.state, fleet }, actions: [...step.actions, { kind: "start", instances, reason }] };
}

/** Drains instances, those that run. */
export function drainThese(step: RolloutStep, instances: readonly string[], reason: string): RolloutStep {
  if (instances.length === 0) return step;
  const fleet = moved(step.state.fleet, instances, { from: ["starting", "ready"], to: "draining" });
  return { state: { ...step.state, fleet }, actions: [...step.actions, { kind: "drain", instances, reason }] };
}

/** Gives the new release a share of the calls, where it has another one. */
export function weigh(step: RolloutStep, share: number, reason: string): RolloutStep {
  if (share === step.state.share) return step;
  return { state: { ...step.state, share }, actions: [...step.actions, { kind: "weights", share, reason }] };
}

/** A share as people say it. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
