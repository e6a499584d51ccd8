/**
 * How many instances a unit should have, as a pure machine: up at once and in large steps, down late and in small ones.
 *
 *     readings ─▶ median of the fresh ─▶ need by each metric ─▶ the most ─▶ up: after the pause, at most double (or + 4)
 *     (`reading.ts`)                      (`need.ts`)                      down: the peak of the window, at most half
 *                                                                                (`peak.ts`)
 *
 * 1. The answer is a whole number from min to max, whatever was measured.
 * 2. What is not known never takes an instance away.
 * 3. It says how many there should be, not what to add: an answer that is carried out late is not carried out twice.
 * 4. Every change has a reason with its inputs, and so has every hold whose cause is new.
 * 5. A clock that jumps, either way, is a gap in what is known: the watch for fewer begins anew.
 *
 * It starts nothing, and does not choose which instance leaves.
 */
import { aims, clamp, type MetricLoad, type Need, needOf } from "./need.ts";
import { beginPeak, highest, type Peak, type PeakSpan, watch } from "./peak.ts";
import type { ScalingPolicy } from "./policy.ts";
import { type Measured, type Memory, reading, remember } from "./reading.ts";

/** One instance, as it is seen now. Those that drain are left out. */
export interface InstanceLoad {
  readonly instance: string;
  readonly state: "starting" | "ready";
  /** Its last load report, however old. */
  readonly measured?: Measured;
}

/** A unit, as it is seen now. */
export interface UnitLoad {
  /** How many instances it is to have at present: what was decided last, or what somebody asked for. */
  readonly wantedCount: number;
  readonly instances: readonly InstanceLoad[];
  /** What waits for all of them: the metric `queueLag`. */
  readonly queue?: Measured;
}

/** What a scaler remembers. */
export interface ScalerState {
  /** Instance → its last measurements. */
  readonly memories: ReadonlyMap<string, Memory>;
  readonly queue: Memory;
  readonly peak: Peak;
  /** Before these nothing is added, and nothing taken away. */
  readonly upFromMs: number;
  readonly downFromMs: number;
  readonly cause: Cause | "begun";
}

/** Why it is as it is. */
export type Cause =
  | "below-min"
  | "above-max"
  | "load-up"
  | "load-down"
  | "on-target"
  | "at-max"
  | "up-cooldown"
  | "stabilising"
  | "unknown"
  | "no-clock";

/** What is to be done. */
export type ScalingAction =
  | { readonly kind: "scale"; readonly count: number; readonly cause: Cause; readonly reason: string }
  /** `news` when the cause is another one than before: worth a line in the log. */
  | { readonly kind: "hold"; readonly news: boolean; readonly cause: Cause; readonly reason: string };

/** A decision. */
export interface ScalingStep {
  readonly state: ScalerState;
  readonly action: ScalingAction;
}

/** When and by which policy it is decided. The policy is a checked one and may change between decisions. */
export interface ScalingSetting {
  readonly nowMs: number;
  readonly policy: ScalingPolicy;
}

/** A scaler that knows nothing yet. */
export function beginScaling(nowMs: number): ScalerState {
  const peak = beginPeak(nowMs);
  const fromMs = Number.NEGATIVE_INFINITY;
  return {
    memories: new Map(),
    queue: [],
    peak,
    upFromMs: fromMs,
    downFromMs: fromMs,
    cause: "begun",
  };
}

/** Decides; to be asked about once a second. */
export function scaler(state: ScalerState, unit: UnitLoad, setting: ScalingSetting): ScalingStep {
  const { nowMs, policy } = setting;
  const wanted = unit.wantedCount;
  if (!Number.isFinite(nowMs)) return hold(state, "no-clock", `the clock says ${nowMs}`);
  const seen = observe(state, unit, setting);
  if (!Number.isSafeInteger(wanted) || wanted < 0) return hold(seen, "unknown", `${wanted} cannot be wanted`);
  if (wanted < policy.min)
    return scale(seen, setting, { count: policy.min, cause: "below-min", reason: `${wanted}, at least ${policy.min}` });
  if (wanted > policy.max)
    return scale(seen, setting, { count: policy.max, cause: "above-max", reason: `${wanted}, at most ${policy.max}` });
  return follow(seen, wanted, { ...setting, need: needOf(loadsOf(seen, setting), wanted, policy) });
}

interface Needing extends ScalingSetting {
  readonly need: Need;
}

function follow(state: ScalerState, wanted: number, { need, ...setting }: Needing): ScalingStep {
  const { nowMs, policy } = setting;
  if (need.kind === "unknown") return hold(state, "unknown", `${wanted} stay: ${need.reason}`);
  const span: PeakSpan = { nowMs, windowMs: policy.downStabilisationMs, gapMaxMs: policy.staleMs };
  const needed = clamp(need.count, policy);
  const seen = { ...state, peak: watch(state.peak, needed, span) };
  const needs = `${need.reason}; ${need.count} needed`;
  if (needed > wanted) {
    if (nowMs < seen.upFromMs)
      return hold(seen, "up-cooldown", `${wanted} stay for ${seen.upFromMs - nowMs} ms more: ${needs}`);
    const count = Math.min(needed, wanted + Math.min(policy.stepMax, Math.max(wanted, 4)));
    return scale(seen, setting, { count, cause: "load-up", reason: `${wanted} → ${count}: ${needs}` });
  }
  if (needed === wanted)
    return hold(seen, need.count > policy.max ? "at-max" : "on-target", `${wanted} stay: ${needs}`);
  const peak = highest(seen.peak, span);
  if (peak === undefined || peak >= wanted || nowMs < seen.downFromMs)
    return hold(seen, "stabilising", `${wanted} stay: ${needs}, at most ${peak ?? "?"} in ${span.windowMs} ms`);
  const count = Math.max(peak, wanted - Math.min(policy.stepMax, Math.floor(wanted / 2)));
  return scale(seen, setting, {
    count,
    cause: "load-down",
    reason: `${wanted} → ${count}: ${needs}, at most ${peak} in ${span.windowMs} ms`,
  });
}

/** Takes the measurements in; forgets instances that are gone, and pauses that a jump of the clock made endless. */
function observe(state: ScalerState, unit: UnitLoad, { nowMs, policy }: ScalingSetting): ScalerState {
  const time = { nowMs, staleMs: policy.staleMs };
  const ready = unit.instances.filter((one) => one.state === "ready");
  const memories = new Map(
    ready.map(({ instance, measured }) => [instance, remember(state.memories.get(instance) ?? [], measured, time)]),
  );
  return {
    ...state,
    memories,
    queue: remember(state.queue, unit.queue, time),
    upFromMs: Math.min(state.upFromMs, nowMs + policy.upCooldownMs),
    downFromMs: Math.min(state.downFromMs, nowMs + policy.downCooldownMs),
  };
}

function loadsOf(state: ScalerState, { nowMs, policy }: ScalingSetting): readonly MetricLoad[] {
  const time = { nowMs, staleMs: policy.staleMs };
  const memories = [...state.memories.values()];
  return aims(policy).map((metric) => {
    const sources = metric === "queueLag" ? [state.queue] : memories;
    const known = sources.map((memory) => reading(memory, metric, time)).filter((value) => value !== undefined);
    const load = known.reduce((total, value) => total + value, 0);
    return { metric, load, knownCount: known.length, sourceCount: sources.length };
  });
}

interface Change {
  readonly count: number;
  readonly cause: Cause;
  readonly reason: string;
}

function scale(state: ScalerState, { nowMs, policy }: ScalingSetting, change: Change): ScalingStep {
  const { cause, reason } = change;
  return {
    state: { ...state, cause, upFromMs: nowMs + policy.upCooldownMs, downFromMs: nowMs + policy.downCooldownMs },
    action: { kind: "scale", count: clamp(change.count, policy), cause, reason },
  };
}

function hold(state: ScalerState, cause: Cause, reason: string): ScalingStep {
  return { state: { ...state, cause }, action: { kind: "hold", news: cause !== state.cause, cause, reason } };
}
