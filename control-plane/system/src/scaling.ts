/**
 * How the instances of a unit grow and shrink with its load, as it is written in a system:
 *
 *     scaling: { inquiry: { min: 1, max: 6, target: { inFlight: 8 } } }
 *
 * When and by how much, the supervisor decides; here it is only read.
 */
import { CantleError, isCantleError } from "@cantle/core";
import { type ScalingPolicy, scalingPolicy, type Target } from "@cantle/supervisor/scaling";

/** What each instance of a unit is to have to do, on average; the metric that needs most instances decides. */
export type ScalingTarget = Target;

/** The scaling of a unit: bounds and a target, and where the defaults do not do, the figures of the policy. */
export type ScalingSpec = Pick<ScalingPolicy, "min" | "max"> & { readonly target: ScalingTarget } & Partial<
    Omit<ScalingPolicy, "min" | "max" | "target">
  >;

const options: readonly (keyof ScalingPolicy)[] = [
  "min",
  "max",
  "target",
  "toleranceShare",
  "upCooldownMs",
  "downStabilisationMs",
  "downCooldownMs",
  "stepMax",
  "staleMs",
];
const targets: readonly (keyof ScalingTarget)[] = ["inFlight", "cpu", "loopUtilisation", "queueLag"];
const help = "write { min: 1, max: 6, target: { inFlight: 8 } }";

/** Reads the scaling of one unit. Throws `SYSTEM_INVALID` for what makes no sense. */
export function readScaling(scaling: unknown, place: string): ScalingPolicy {
  if (!isObject(scaling) || !isObject(scaling["target"]))
    throw new CantleError("SYSTEM_INVALID", "this does not say how a unit is scaled", { place, help });
  checkNames(Object.keys(scaling), options, place);
  checkNames(Object.keys(scaling["target"]), targets, `${place}.target`);
  try {
    return scalingPolicy(scaling as unknown as ScalingSpec);
  } catch (error) {
    if (!isCantleError(error)) throw error;
    const member = error.place?.replace(/^scaling/, "") ?? "";
    throw new CantleError(error.code, error.message, { place: place + member, help });
  }
}

function checkNames(names: readonly string[], known: readonly string[], place: string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new CantleError("SYSTEM_INVALID", `'${unknown}' is nothing that scaling knows`, {
    place: `${place}.${unknown}`,
    help: `it knows ${known.join(", ")}`,
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
