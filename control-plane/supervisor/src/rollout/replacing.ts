/**
 * One instance after the other: a new one starts, and when it is ready an old one drains.
 *
 * R1. An instance is drained only when as many are ready afterwards as there were before the rollout; one that is not
 *     ready costs nothing, and goes first. So a broken old release can be replaced too.
 * R2. The next one starts when no more processes live than before: one too many at a time, unless canaries are there already.
 */
import { aliveCount, named, readyCount } from "./fleet.ts";
import { rollBack } from "./rolling-back.ts";
import { drainThese, enter, type RolloutStep, startThese, weigh } from "./step.ts";

/** Replaces what is left, from wherever the fleet stands. */
export function replaceRest(step: RolloutStep, nowMs: number): RolloutStep {
  return replaceNext(enter(step, { kind: "replacing", sinceMs: nowMs }), nowMs);
}

/** Does what can be done now. */
export function replaceNext(step: RolloutStep, nowMs: number): RolloutStep {
  const { plan, fleet } = step.state;
  const count = plan.new.length;
  const ready = readyCount(fleet, "new");
  const reason = `${ready} of ${count} new instances are ready`;
  const drained = drainThese(weigh(step, ready / count, reason), replaceable(step), reason);
  const [next] = named(drained.state.fleet, "new", "idle");
  if (next !== undefined && aliveCount(drained.state.fleet) <= count) {
    const started = startThese(drained, [next], reason);
    return enter(started, { kind: "replacing", sinceMs: nowMs });
  }
  const over = ready === count && named(drained.state.fleet, "old", "gone").length === count;
  if (!over) return drained;
  const outcome = "released";
  return enter(drained, { kind: "finished", outcome, reason }, { kind: "finish", outcome, reason });
}

/** Rolls back when an instance takes too long to be ready. */
export function awaitReady(step: RolloutStep, sinceMs: number, nowMs: number): RolloutStep {
  const { plan, fleet } = step.state;
  const starting = named(fleet, "new", "starting");
  const waitedMs = nowMs - sinceMs;
  if (starting.length === 0 || waitedMs < plan.readyTimeoutMs) return step;
  return rollBack(step, `${starting.join(", ")} not ready after ${waitedMs} ms (limit ${plan.readyTimeoutMs} ms)`);
}

/** The old instances whose place is taken (R1). */
function replaceable(step: RolloutStep): readonly string[] {
  const { plan, fleet } = step.state;
  const count = plan.old.length;
  const newReady = readyCount(fleet, "new");
  const left = named(fleet, "old", "starting", "ready").length;
  const spare = Math.max(0, left - (count - newReady));
  const broken = named(fleet, "old", "starting").slice(0, spare);
  return [...broken, ...named(fleet, "old", "ready").slice(0, spare - broken.length)];
}
