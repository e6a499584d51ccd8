/**
 * The instances of both releases, and where each stands.
 *
 *     idle ──start──▶ starting ──ready──▶ ready        failed: back to starting, as the supervisor starts it again
 *                        ▲  └──drain──┐     │
 *                      start          ▼   drain
 *                        └── gone ◀── draining
 *
 * What is asked for is written here at once, so nothing is asked for twice.
 */
import type { RolloutPlan } from "./plan.ts";

/** The release that runs, and the one that is to take its place. */
export type Release = "old" | "new";

/** Where an instance stands. */
export type Phase = "idle" | "starting" | "ready" | "draining" | "gone";

/** One instance of the two releases. */
export interface Member {
  readonly instance: string;
  readonly release: Release;
  readonly phase: Phase;
}

/** All of them, in the order of the plan. */
export type Fleet = readonly Member[];

/** The fleet before anything happens. */
export function fleetOf(plan: RolloutPlan): Fleet {
  return [
    ...plan.old.map((instance): Member => ({ instance, release: "old", phase: "ready" })),
    ...plan.new.map((instance): Member => ({ instance, release: "new", phase: "idle" })),
  ];
}

/** The names of a release's instances that stand in one of the phases. */
export function named(fleet: Fleet, release: Release, ...phases: readonly Phase[]): readonly string[] {
  return fleet
    .filter((member) => member.release === release && phases.includes(member.phase))
    .map((member) => member.instance);
}

/** How many instances of a release are ready. */
export function readyCount(fleet: Fleet, release: Release): number {
  return named(fleet, release, "ready").length;
}

/** How many processes there are, of both releases. */
export function aliveCount(fleet: Fleet): number {
  return fleet.filter(({ phase }) => phase !== "idle" && phase !== "gone").length;
}

/** The fleet with some instances moved, where they stand in one of the phases `from`. */
export function moved(fleet: Fleet, instances: readonly string[], step: { from: readonly Phase[]; to: Phase }): Fleet {
  return fleet.map((member) =>
    instances.includes(member.instance) && step.from.includes(member.phase) ? { ...member, phase: step.to } : member,
  );
}
