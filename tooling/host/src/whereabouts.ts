/** Where a process runs and what it says of itself, from its environment: `CANTLE_ZONE` and `CANTLE_LABELS`. */
import { CantleError } from "@cantle/core";
import type { Whereabouts } from "@cantle/registry";

const zoneShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const labelShape = /^([A-Za-z0-9][A-Za-z0-9._-]{0,57})=([\x21-\x7e]{1,256})$/;
const labelsMax = 32;

/**
 * Reads them; an empty variable is none. Labels are written `release=2,track=canary`. Throws `CONFIG_INVALID` for anything
 * that could not be announced.
 */
export function readWhereabouts(env: Readonly<Record<string, string | undefined>>): Whereabouts {
  const { CANTLE_ZONE: zone = "", CANTLE_LABELS: text = "" } = env;
  if (zone !== "" && !zoneShape.test(zone))
    throw invalid("CANTLE_ZONE", "a zone is letters, digits, dots and dashes: eu-west-1a");
  if (text === "") return zone === "" ? {} : { zone };
  const labels = text.split(",").map((each) => labelShape.exec(each.trim()));
  if (labels.length > labelsMax || labels.includes(null))
    throw invalid("CANTLE_LABELS", `labels are written release=2,track=canary; there are at most ${labelsMax}`);
  const named = Object.fromEntries(labels.map((match) => [match?.[1], match?.[2]]));
  return { ...(zone !== "" && { zone }), labels: named };
}

function invalid(place: string, help: string): CantleError {
  return new CantleError("CONFIG_INVALID", "the environment does not say where this process runs", { place, help });
}
