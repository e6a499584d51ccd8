/** What is wrong with a journal, said so that somebody can decide what to do about it. */
import { CantleError } from "@cantle/core";

/** One thing that is wrong. */
export interface Damage {
  readonly path: string;
  /** Where in the file; undefined when it is the file as a whole. */
  readonly offset?: number | undefined;
  readonly what: string;
  /** The sequence of the first record that cannot be read, and how many there are. */
  readonly sequence?: number | undefined;
  readonly lost: number;
}

/** How many places are named. */
const placesMax = 20;

/** The refusal to start with it. */
export function damagedError(all: readonly Damage[]): CantleError {
  const lost = all.reduce((sum, each) => sum + each.lost, 0);
  const first = all[0] as Damage;
  const records = lost === 1 ? "1 record" : `${lost} records`;
  return new CantleError("DATA_DAMAGED", `the journal of the broker is damaged: ${records} cannot be read`, {
    place: placeOf(first),
    help:
      "restore the folder from a backup, or open it with CANTLE_BROKER_REPAIR=1 (`?repair=true` in its URL): " +
      "that sets the damaged files aside and goes on with every record that is intact",
    notes: all.slice(0, placesMax).map(describeDamage).join("\n"),
  });
}

/** One line about it. */
export function describeDamage(damage: Damage): string {
  const from = damage.sequence === undefined ? "" : `, from sequence ${damage.sequence}`;
  return `${placeOf(damage)}: ${damage.what}, ${damage.lost} records lost${from}`;
}

function placeOf({ path, offset }: Damage): string {
  return offset === undefined ? path : `${path}:${offset}`;
}
