/** Contestants of one process that make their calls themselves. */
import type { Contestant } from "./contest.ts";
import { startPart } from "./start-part.ts";

/** A contestant that `name()` of the file at `url` starts. */
export function ownContestant(title: string, url: string, name = "start"): Contestant {
  return {
    name: title,
    async start() {
      const part = await startPart(url, name);
      return {
        pids: part.pids,
        turn: (_work, ms) => part.drive({ ms, inFlight: 1, batch: 256 }),
        stop: () => part.stop(),
      };
    },
  };
}
