/**
 * What a list of specs means, decided without running anything: whether it makes sense, in which order it stops, and
 * which of its processes another list changes.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { CantleError } from "@cantle/core";
import type { ProcessSpec } from "./spec.ts";

/** The most instances one supervisor runs. */
export const instancesMax = 512;

const nameShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Throws `SYSTEM_INVALID` for a list that cannot be run. */
export function checkSpecs(specs: readonly ProcessSpec[]): void {
  if (specs.length > instancesMax)
    throw invalid(`${specs.length} instances are more than ${instancesMax}`, "instances");
  const units = new Set(specs.map((spec) => spec.unit));
  const names = new Set<string>();
  for (const spec of specs) {
    const { instance } = spec;
    if (!nameShape.test(instance)) throw invalid(`'${instance}' cannot name an instance`, `units.${spec.unit}`);
    if (names.has(instance)) throw invalid(`two instances are named '${instance}'`, `units.${spec.unit}`);
    names.add(instance);
    for (const needed of spec.dependsOnReady ?? []) {
      if (!units.has(needed))
        throw invalid(`'${instance}' waits for '${needed}', which is not a unit`, `units.${spec.unit}`);
    }
  }
  levelsOf(specs);
}

/**
 * The instances in the order they stop: group after group, the instances of a group at once. A unit stops before what
 * it depends on, and a higher tier before a lower one.
 */
export function stopOrder(specs: readonly ProcessSpec[]): readonly (readonly string[])[] {
  const levels = levelsOf(specs);
  const groups = Map.groupBy(specs, (spec) => levels.get(spec.unit) ?? 0);
  return [...groups].sort(([a], [b]) => b - a).map(([, group]) => group.map((spec) => spec.instance));
}

/** True when a unit has more than one instance. */
export function several(specs: readonly ProcessSpec[], unit: string): boolean {
  return specs.filter((spec) => spec.unit === unit).length > 1;
}

/** True when a running process of the first spec serves the second as well. */
export function sameProcess(running: ProcessSpec, wanted: ProcessSpec): boolean {
  return isDeepStrictEqual(comparable(running), comparable(wanted));
}

/** What `sameProcess` compares, as a short text to write down: equal for specs that one process serves alike. */
export function digestOf(spec: ProcessSpec): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(comparable(spec))))
    .digest("base64url")
    .slice(0, 22);
}

/** Without what makes no other program of it. */
function comparable({ handover: _handover, release: _release, ...spec }: ProcessSpec) {
  return spec;
}

/** The same with the members of every object in one order; absent ones are left out. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

/** Unit → how late it stops: its tier, and above everything it depends on. */
function levelsOf(specs: readonly ProcessSpec[]): ReadonlyMap<string, number> {
  const units = Map.groupBy(specs, (spec) => spec.unit);
  const levels = new Map<string, number>();
  const visit = (unit: string, path: readonly string[]): number => {
    const known = levels.get(unit);
    if (known !== undefined) return known;
    if (path.includes(unit))
      throw invalid(`units wait for each other: ${[...path, unit].join(" → ")}`, `units.${unit}`);
    const instances = units.get(unit) ?? [];
    const needed = instances.flatMap((spec) => spec.dependsOnReady ?? []);
    const level = Math.max(
      0,
      ...instances.map((spec) => spec.tier ?? 0),
      ...needed.map((name) => visit(name, [...path, unit]) + 1),
    );
    levels.set(unit, level);
    return level;
  };
  for (const unit of units.keys()) visit(unit, []);
  return levels;
}

function invalid(message: string, place: string): CantleError {
  return new CantleError("SYSTEM_INVALID", message, { place });
}
