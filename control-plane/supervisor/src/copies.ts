/**
 * The instances of one unit as copies of one spec: what the next ones are called, and which names go on after an earlier
 * supervisor. Nothing here runs anything.
 */
import type { ProcessSpec } from "./spec.ts";

/** The same spec under another name. */
export function copyOf(spec: ProcessSpec, instance: string): ProcessSpec {
  return { ...spec, instance };
}

/** So many names of a unit that nobody has: `articles-1`, `articles-2`, from the lowest. */
export function freeNames(unit: string, taken: Iterable<string>, count: number): readonly string[] {
  const used = new Set(taken);
  const names: string[] = [];
  for (let at = 1; names.length < count; at++) {
    const name = `${unit}-${at}`;
    if (!used.has(name)) names.push(name);
  }
  return names;
}

/** What is known of the instances of a unit from before. */
export interface Before {
  /** Those that live, the oldest first. */
  readonly names: readonly string[];
  /** How many there are to be; absent: as many as there are specs. */
  readonly count?: number;
}

/**
 * The specs with the names that a unit's instances have already: a unit that was scaled, or took another release's place, goes on as
 * it is. Units of which two cannot run side by side keep their names.
 */
export function inheritNames(
  specs: readonly ProcessSpec[],
  before: ReadonlyMap<string, Before>,
): readonly ProcessSpec[] {
  return [...Map.groupBy(specs, ({ unit }) => unit)].flatMap(([unit, own]) => {
    const known = before.get(unit);
    const [first] = own;
    if (known === undefined || first === undefined || first.overlap === false) return own;
    const { names, count = own.length } = known;
    const likely = [...new Set([...names, ...own.map(({ instance }) => instance)])].slice(0, count);
    const all = [...likely, ...freeNames(unit, likely, count - likely.length)];
    return all.map((name) => own.find(({ instance }) => instance === name) ?? copyOf(first, name));
  });
}
