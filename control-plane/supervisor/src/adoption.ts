/**
 * Which of the processes that an earlier supervisor left are taken over, decided without touching any.
 *
 * | a recorded process | becomes |
 * |---|---|
 * | that is dead | nothing; the next start of its instance is counted on from it |
 * | of an instance that is wanted, and was spawned as it is wanted | adopted as it is |
 * | of an instance that is wanted otherwise | adopted, and replaced once all is in hand |
 * | beside a better one of its instance | ended: it was about to take its place, or to make room |
 * | of an instance that nobody wants | ended |
 */
import { digestOf } from "./plan.ts";
import type { ProcessSpec } from "./spec.ts";
import type { ProcessRecord } from "./state-file.ts";

/** What becomes of an instance that is wanted. */
export interface Inheritance {
  /** The process to take over; absent where none lives. */
  readonly record?: ProcessRecord;
  /** True when it was spawned otherwise than it would be now. */
  readonly isChanged: boolean;
  /** The last generation that was given out. */
  readonly generation: number;
}

/** The whole decision. */
export interface AdoptionPlan {
  readonly inherited: ReadonlyMap<string, Inheritance>;
  readonly ended: readonly ProcessRecord[];
}

/** Decides. */
export function planAdoption(
  records: readonly ProcessRecord[],
  specs: readonly ProcessSpec[],
  isAlive: (record: ProcessRecord) => boolean,
): AdoptionPlan {
  const wanted = new Map(specs.map((spec) => [spec.instance, spec]));
  const inherited = new Map<string, Inheritance>();
  const ended: ProcessRecord[] = [];
  for (const [instance, all] of Map.groupBy(records, (record) => record.instance)) {
    const spec = wanted.get(instance);
    const [best, ...others] = all.filter(isAlive).toSorted(byWorth);
    if (spec === undefined) {
      ended.push(...(best === undefined ? [] : [best]), ...others);
      continue;
    }
    ended.push(...others);
    inherited.set(instance, {
      ...(best && { record: best }),
      isChanged: best !== undefined && best.digest !== digestOf(spec),
      generation: Math.max(...all.map((record) => record.generation)),
    });
  }
  return { inherited, ended };
}

/** What serves is worth more than what only starts; of two that serve, the newer one. */
function byWorth(a: ProcessRecord, b: ProcessRecord): number {
  const serves = ({ addresses }: ProcessRecord) => Number(addresses.length > 0);
  return serves(b) - serves(a) || b.generation - a.generation;
}
