/**
 * Going back to the old release: what was drained starts again, the calls return as fast as it does, and the new instances leave
 * when every old one is ready. It ends in one way only, and waits as long as that takes.
 */
import { named, readyCount } from "./fleet.ts";
import { drainThese, enter, percent, type RolloutStep, startThese, weigh } from "./step.ts";

/** Gives the new release up. */
export function rollBack(step: RolloutStep, reason: string): RolloutStep {
  const why = `${reason} (at ${percent(step.state.share)} of the calls)`;
  return goBack(enter(step, { kind: "rolling-back", reason: why }, { kind: "roll-back", reason: why }), why);
}

/** Does what can be done now on the way back. */
export function goBack(step: RolloutStep, reason: string): RolloutStep {
  const count = step.state.plan.old.length;
  const restarted = startThese(
    step,
    named(step.state.fleet, "old", "gone"),
    `back to the old release, ${count} instances`,
  );
  const { fleet, share } = restarted.state;
  const oldReady = readyCount(fleet, "old");
  const back = oldReady === count;
  // What the old ones cannot carry yet stays where it is; never more than before.
  const left = back || readyCount(fleet, "new") === 0 ? 0 : Math.min(share, 1 - oldReady / count);
  const weighed = weigh(restarted, left, `${oldReady} of ${count} old instances are ready`);
  const leaving = back ? named(fleet, "new", "starting", "ready") : named(fleet, "new", "starting");
  const drained = drainThese(weighed, leaving, `rolled back: ${oldReady} of ${count} old instances are ready`);
  const over = back && named(drained.state.fleet, "new", "starting", "ready", "draining").length === 0;
  if (!over) return drained;
  const outcome = "rolled-back";
  return enter(drained, { kind: "finished", outcome, reason }, { kind: "finish", outcome, reason });
}
