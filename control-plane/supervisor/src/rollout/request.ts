/** What somebody asks of a rollout: a strategy by name and a few figures; everything else has its default. */
import { CantleError } from "@cantle/core";
import { blueGreen, canary, type Strategy } from "./plan.ts";
import { boundsMs } from "./tally.ts";
import { defaultCriteria } from "./verdict.ts";

/** The names of the strategies. */
export const strategies = ["rolling", "blue-green", "canary"] as const;

/** A rollout as it is asked for. Figures that the strategy does not know are refused. */
export interface RolloutRequest {
  /** Default `rolling`. */
  readonly strategy?: (typeof strategies)[number];
  /** Of a canary: its shares of the calls, %, growing. Default 5, 25, 50. */
  readonly steps?: readonly number[];
  /** Of a canary: when a step is judged by fewer calls. Default 60 000. */
  readonly stepMs?: number;
  /** Of a canary: how many calls of either release are enough to go on. Default 300. */
  readonly callsMin?: number;
  /** Of a canary: what a step leaves out of the comparison. Default 3 000, a tenth of `stepMs` where that is less. */
  readonly warmUpMs?: number;
  /** Of blue-green: how long the old instances stay to go back to, and the new ones are judged. Default 60 000. */
  readonly keepMs?: number;
  /** When the whole is given up and rolled back. Default an hour. */
  readonly timeoutMs?: number;
}

/** How long a rollout may take, where nothing else is said. */
export const timeoutMsDefault = 3_600_000;

const aboveZero = ["stepMs", "callsMin", "timeoutMs"] as const;
const ofCanary = ["steps", "stepMs", "callsMin", "warmUpMs"] as const;

/** The strategy that a request means. Throws `USAGE`. */
export function strategyOf(request: RolloutRequest): Strategy {
  const { strategy = "rolling", steps = [5, 25, 50], stepMs = 60_000, keepMs = 60_000 } = request;
  if (!strategies.includes(strategy))
    throw usage(`'${strategy}' is no strategy`, `the strategies are ${strategies.join(", ")}`);
  const foreign = [
    ...(strategy === "canary" ? [] : ofCanary),
    ...(strategy === "blue-green" ? [] : (["keepMs"] as const)),
  ].find((member) => request[member] !== undefined);
  if (foreign !== undefined)
    throw usage(`'${foreign}' means nothing to '${strategy}'`, "leave it out, or choose another strategy");
  for (const [name, value] of Object.entries(request))
    if (typeof value === "number" && !(value >= 0 && Number.isFinite(value)))
      throw usage(`${name} cannot be ${value}`, "write a number from 0");
  for (const name of aboveZero)
    if (request[name] === 0) throw usage(`${name} cannot be 0`, "write a number above 0, or leave it out");
  switch (strategy) {
    case "rolling":
      return { kind: "rolling" };
    case "blue-green":
      return blueGreen(boundsMs, keepMs);
    case "canary": {
      const { callsMin = defaultCriteria.callsMin, warmUpMs = Math.min(3_000, stepMs / 10) } = request;
      const firstLookCallsMin = Math.min(defaultCriteria.firstLookCallsMin, callsMin);
      const criteria = { ...defaultCriteria, callsMin, firstLookCallsMin };
      return canary(boundsMs, { shares: steps.map((percent) => percent / 100), stepMs, warmUpMs, criteria });
    }
  }
}

function usage(message: string, help: string): CantleError {
  return new CantleError("USAGE", message, { place: "rollout", help });
}
