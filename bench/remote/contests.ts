/** Calls from one process to another. */
import type { Contest } from "../harness/contest.ts";
import { cpuColumns, timeColumns } from "../harness/entrants.ts";
import { remoteContestant } from "./sides.ts";

const many = "64 in flight";
const one = "one at a time";
const cpu = { work: many, measure: "cpuUs", to: "raw frames", atMost: 1.9, stretch: 1.5 };
const rate = { work: many, measure: "perSecond", to: "nest tcp", atLeast: 1.4 };
// 72 µs and 68 µs, where the floor was 63 µs.
const p50 = { work: one, measure: "p50Us", to: "raw frames", atMost: 1.14, stretch: 1.08 };

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [
    {
      title: "remote call",
      works: [many, one],
      columns: (work) => (work === one ? timeColumns : cpuColumns),
      rounds: 9,
      turnMs: 350,
      warmMs: 1_200,
      reference: "raw frames",
      contestants: [
        remoteContestant("raw frames", "./frames.ts"),
        remoteContestant("cantle", "./cantle.ts", { serve: ["tcp"] }),
        remoteContestant("cantle, unix socket", "./cantle.ts", { serve: ["unix"] }),
        remoteContestant("nest tcp", "./nest.ts"),
        remoteContestant("moleculer tcp", "./moleculer.ts"),
        remoteContestant("fastify + undici", "./fastify-undici.ts"),
        remoteContestant("grpc-js", "./grpc.ts"),
      ],
      targets: [cpu, rate, p50].map((target) => ({ contestant: "cantle", ...target })),
      notes: [
        "both processes are counted; TCP on loopback unless it says otherwise",
        "raw frames, nest and grpc-js validate nothing, moleculer and fastify their input",
      ],
    },
  ];
}
