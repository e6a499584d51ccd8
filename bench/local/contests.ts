/** Calls inside a process. */
import type { Contest } from "../harness/contest.ts";
import { cpuColumns, ownContestant } from "../harness/entrants.ts";

const work = "one after the other";
const at = (file: string) => new URL(file, import.meta.url).href;
const once = { works: [work], columns: () => cpuColumns, rounds: 11, turnMs: 250, warmMs: 1_500 };

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [colocated];
}

// 600 ns and 500 ns, where the floor was 370 ns.
const colocatedTarget = { work, measure: "cpuUs", to: "await + zod", atMost: 1.62, stretch: 1.35 };

const colocated: Contest = {
  ...once,
  title: "colocated call",
  reference: "await + zod",
  contestants: [
    ownContestant("await + zod", at("./floor.ts")),
    ownContestant("cantle", at("./cantle.ts"), { name: "fromOutside" }),
    ownContestant("cantle, in a handler", at("./cantle.ts"), { name: "fromHandler" }),
    ownContestant("moleculer", at("./moleculer.ts"), { name: "plain" }),
    ownContestant("moleculer, measured", at("./moleculer.ts"), { name: "measured" }),
  ],
  targets: [
    { contestant: "cantle", ...colocatedTarget },
    { contestant: "cantle, in a handler", ...colocatedTarget },
  ],
  notes: ["5 members in and 4 out, validated both ways and copied; moleculer validates its input only"],
};
