/** What policies cost: all layers beside those of others, each policy on its own, and whole calls with every one on. */
import type { Contest } from "../harness/contest.ts";
import { cpuColumns, httpContestant, ownContestant, sharedLoad, stagedPart } from "../harness/entrants.ts";
import { startPart } from "../harness/start-part.ts";
import { remoteContestant } from "../remote/sides.ts";
import { requests, works } from "../subject/requests.ts";
import { bare, every, single } from "./every.ts";

const work = "one after the other";
const at = (file: string) => new URL(file, import.meta.url).href;
const once = { works: [work], columns: () => cpuColumns, rounds: 11, turnMs: 250, warmMs: 1_500 };
const ours = at("../layers/cantle.ts");
const measure = "cpuUs";

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [layers, eachAlone, colocated, remote, gateway()];
}

const layers: Contest = {
  ...once,
  title: "one call through all resilience layers",
  reference: "coarse timer",
  contestants: [
    ownContestant("nothing", at("../layers/bare.ts")),
    ownContestant("coarse timer", at("../layers/coarse-timer.ts")),
    ownContestant("cantle", ours),
    ownContestant("opossum", at("../layers/opossum.ts")),
    ownContestant("cockatiel", at("../layers/cockatiel.ts")),
    ownContestant("moleculer", at("../layers/moleculer.ts")),
  ],
  // 0.5 µs and 0.3 µs, where the floor was 0.18 µs.
  targets: [{ contestant: "cantle", work, measure, to: "coarse timer", atMost: 2.8, stretch: 1.7 }],
  notes: ["around an endpoint that answers at once; the floor is a time-out alone"],
};

const eachAlone: Contest = {
  ...once,
  title: "one more policy",
  reference: "as it comes",
  contestants: [
    ownContestant("as it comes", ours),
    ownContestant("without breaker, ejection, retries", ours, { args: [bare] }),
    ...Object.entries(single).map(([name, policy]) => ownContestant(name, ours, { args: [policy] })),
    ownContestant("every policy", ours, { args: [every] }),
  ],
  targets: [],
  notes: [
    "the way out alone, of an operation that reads; an adaptive limit is at the way in and shows in the calls below",
  ],
};

const colocated: Contest = {
  ...once,
  title: "colocated call, every policy on",
  reference: "as it comes",
  contestants: [
    ownContestant("as it comes", at("../local/cantle.ts"), { name: "fromOutside" }),
    ownContestant("every policy", at("../local/cantle.ts"), { name: "fromOutside", args: [every] }),
  ],
  targets: [],
};

const many = "64 in flight";

const remote: Contest = {
  ...once,
  title: "remote call, every policy on",
  works: [many],
  rounds: 7,
  turnMs: 350,
  reference: "raw frames",
  contestants: [
    remoteContestant("raw frames", "./frames.ts"),
    remoteContestant("as it comes", "./cantle.ts", { serve: ["tcp"] }),
    remoteContestant("every policy", "./cantle.ts", { serve: ["tcp", every], connect: [every] }),
  ],
  targets: [{ contestant: "every policy", work: many, measure, to: "raw frames", atMost: 1.9, stretch: 1.5 }],
};

/** The gateway's process alone. */
function gateway(): Contest {
  const load = sharedLoad();
  const named = (name: string, policy: object) =>
    httpContestant(name, { load, requests }, async () => {
      const part = await startPart(at("../gateway/cantle.ts"), "start", ["each", policy]);
      return { ...stagedPart(part), pids: (part.facts!["gatewayPids"] as readonly string[]).map(Number) };
    });
  return {
    ...once,
    title: "gateway, every policy on",
    works,
    rounds: 7,
    turnMs: 350,
    reference: "as it comes",
    contestants: [named("as it comes", {}), named("every policy", every)],
    targets: works.map((each) => ({ contestant: "every policy", work: each, measure, to: "as it comes", atMost: 1.3 })),
    close: () => load.stop(),
  };
}
