/**
 * What the control door answers about how many instances units have, and of which release:
 *
 *     GET  /scaling                        → { units }
 *     POST /scaling?unit=U&to=N            → { unit }; `to=auto` lets the load decide again
 *     GET  /rollouts                       → { rollouts }
 *     POST /rollouts?unit=U&request=JSON   → { rollout }
 *     POST /rollouts/promote?unit=U        → { rollout }
 *     POST /rollouts/abort?unit=U          → { rollout }
 */
import { CantleError } from "@cantle/core";
import type { RolloutRequest } from "./rollout/request.ts";
import type { Rollouts } from "./rollout/rollouts.ts";
import type { Scaling } from "./scaling/scaling.ts";

/** What stands behind it; absent where units are no processes. */
export interface BehindFleet {
  readonly scaling?: Pick<Scaling, "list" | "set">;
  readonly rollouts?: Pick<Rollouts, "list" | "start" | "promote" | "abort">;
}

/** A question at the door. */
export interface Asked {
  /** Method and path. */
  readonly what: string;
  readonly query: URLSearchParams;
}

/** The answer, or undefined for a question that is about something else. */
export async function answerFleet({ what, query }: Asked, behind: BehindFleet): Promise<unknown> {
  const unit = () => query.get("unit") ?? missing("unit");
  const { scaling, rollouts } = behind;
  switch (what) {
    case "GET /scaling":
      return { units: (scaling ?? none()).list() };
    case "POST /scaling": {
      const to = query.get("to") ?? missing("to");
      return { unit: await (scaling ?? none()).set(unit(), to === "auto" ? to : Number(to)) };
    }
    case "GET /rollouts":
      return { rollouts: (rollouts ?? none()).list() };
    case "POST /rollouts":
      return { rollout: (rollouts ?? none()).start(unit(), requestIn(query.get("request") ?? "{}")) };
    case "POST /rollouts/promote":
      return { rollout: (rollouts ?? none()).promote(unit()) };
    case "POST /rollouts/abort":
      return { rollout: (rollouts ?? none()).abort(unit()) };
    default:
      return undefined;
  }
}

/** What it says is checked where it is understood (`strategyOf`). */
function requestIn(text: string): RolloutRequest {
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    throw new CantleError("USAGE", "a rollout is asked for in JSON", { cause });
  }
}

function missing(name: string): never {
  throw new CantleError("USAGE", `it is not said which ${name}`);
}

function none(): never {
  throw new CantleError("PLACEMENT_IMPOSSIBLE", "the units of this system are no processes", {
    help: "start it with --units each, or another placement of processes",
  });
}
