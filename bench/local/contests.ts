/** Calls inside a process. */
import type { Contest } from "../harness/contest.ts";
import { cpuColumns, ownContestant } from "../harness/entrants.ts";

const work = "one after the other";
const at = (file: string) => new URL(file, import.meta.url).href;
const once = { works: [work], columns: () => cpuColumns, rounds: 11, turnMs: 250, warmMs: 1_500 };

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [colocated, layers];
}

// 600 ns and 500 ns, where the floor was 370 ns.
const colocatedTarget = { work, measure: "cpuUs", to: "await + zod", atMost: 1.62, stretch: 1.35 };

const colocated: Contest = {
  ...once,
  title: "colocated call",
  reference: "await + zod",
  contestants: [
    ownContestant("await + zod", at("./floor.ts")),
    ownContestant("cantle", at("./cantle.ts"), "fromOutside"),
    ownContestant("cantle, in a handler", at("./cantle.ts"), "fromHandler"),
    ownContestant("moleculer", at("./moleculer.ts"), "plain"),
    ownContestant("moleculer, measured", at("./moleculer.ts"), "measured"),
  ],
  targets: [
    { contestant: "cantle", ...colocatedTarget },
    { contestant: "cantle, in a handler", ...colocatedTarget },
  ],
  notes: ["5 members in and 4 out, validated both ways and copied; moleculer validates its input only"],
};

const layers: Contest = {
  ...once,
  title: "one call through all resilience layers",
  reference: "coarse timer",
  contestants: [
    ownContestant("nothing", at("../layers/bare.ts")),
    ownContestant("coarse timer", at("../layers/coarse-timer.ts")),
    ownContestant("cantle", at("../layers/cantle.ts")),
    ownContestant("opossum", at("../layers/opossum.ts")),
    ownContestant("cockatiel", at("../layers/cockatiel.ts")),
  ],
  // 0.5 µs and 0.3 µs, where the floor was 0.18 µs.
  targets: [{ contestant: "cantle", work, measure: "cpuUs", to: "coarse timer", atMost: 2.8, stretch: 1.7 }],
  notes: ["around an endpoint that answers at once; the floor is a time-out alone"],
};
