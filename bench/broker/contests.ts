/** Brokers: messages end to end, durably; more queues; and a backlog. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokerHeapArguments } from "@cantle/host";
import type { Column, Contest, Contestant, Entrant } from "../harness/contest.ts";
import { counted } from "../harness/entrants.ts";
import { startPart } from "../harness/start-part.ts";
import type { BrokerOrder } from "./drive.ts";
import { findServer } from "./servers.ts";

const batches = "8 publishers, 100 at a time";
const hundreds = "100 at a time";
const single = "16 publishers, one at a time";
const orders: Readonly<Record<string, Omit<BrokerOrder, "ms">>> = {
  [batches]: { publishers: 8, batch: 100 },
  [single]: { publishers: 16, batch: 1 },
};
const columns: readonly Column[] = [
  { measure: "perSecond", title: "messages/s", digits: 0 },
  { measure: "cpuUs", title: "CPU µs/message", digits: 2 },
];
const at = (file: string) => new URL(file, import.meta.url).href;

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [endToEnd, queues, backlog];
}

function contestant(name: string, file: string): Contestant {
  return staged(name, { file, args: [] }, (work) => orders[work]!);
}

function staged(
  name: string,
  { file, args }: { readonly file: string; readonly args: readonly unknown[] },
  orderOf: (work: string) => Omit<BrokerOrder, "ms">,
): Contestant {
  return {
    name,
    async start() {
      const part = await startPart(at(file), "start", args);
      const turn = (work: string, ms: number) =>
        counted(part.pids, () => part.drive({ ...orderOf(work), ms } satisfies BrokerOrder));
      return { turn, stop: () => part.stop() };
    },
  };
}

const isThere = (server: string) => findServer(server) !== undefined;

const endToEnd: Contest = {
  title: "messages of 200 B, end to end",
  works: [batches, single],
  columns: () => columns,
  rounds: 7,
  turnMs: 1_500,
  warmMs: 1_500,
  reference: "redis streams",
  contestants: [
    contestant("cantle, embedded", "./cantle.ts"),
    ...(isThere("redis-server") ? [contestant("redis streams", "./redis.ts")] : []),
    ...(isThere("nats-server")
      ? [contestant("jetstream", "./jetstream.ts"), contestant("cantle, over jetstream", "./cantle-nats.ts")]
      : []),
  ],
  targets: [
    { contestant: "cantle, embedded", work: batches, measure: "perSecond", atLeast: 80_000 },
    { contestant: "cantle, embedded", work: batches, measure: "perSecond", to: "redis streams", atLeast: 2 },
    { contestant: "cantle, embedded", work: single, measure: "perSecond", to: "redis streams", atLeast: 0.6 },
    { contestant: "cantle, over jetstream", work: batches, measure: "perSecond", to: "jetstream", atLeast: 0.9 },
  ],
  notes: [
    "published, taken and acked; a message counts when its ack is on the disk; clients and server are counted",
    "cantle is in the process of its users; redis has appendfsync always, its client is written by hand and acks what it read at once",
    "jetstream, of which the raw client is held against ours, is synced every two minutes: its acknowledgements do not survive a power cut",
  ],
};

const queues: Contest = {
  title: "more publishers, more queues",
  works: [hundreds],
  columns: () => columns,
  rounds: 5,
  turnMs: 1_000,
  warmMs: 1_000,
  reference: "1 to 1",
  contestants: [
    { name: "1 to 1", publishers: 1, queueCount: 1 },
    { name: "10 to 1", publishers: 10, queueCount: 1 },
    { name: "10 to 10", publishers: 10, queueCount: 10 },
    { name: "10 to 1,000", publishers: 10, queueCount: 1_000 },
  ].map(({ name, publishers, queueCount }) =>
    staged(name, { file: "./cantle.ts", args: [queueCount] }, () => ({ publishers, batch: 100 })),
  ),
  targets: ["10 to 10", "10 to 1,000"].map((contestant) => ({
    ...{ contestant, work: hundreds, measure: "perSecond", to: "1 to 1" },
    atLeast: 1,
  })),
  notes: ["publishers to queues; all of them share one journal, and so its syncs"],
};

const restart = "restart";
const drain = "drained, empty at the end";

const backlog: Contest = {
  title: "a backlog of 1,000,000",
  works: [restart, drain],
  columns: (work) => [
    work === restart
      ? { measure: "firstMs", title: "first delivery ms", digits: 0 }
      : { measure: "perSecond", title: "messages/s", digits: 0 },
    { measure: "residentMiB", title: work === restart ? "resident MiB" : "resident MiB at most", digits: 0 },
  ],
  rounds: 3,
  turnMs: 0,
  warmMs: 0,
  contestants: [{ name: "cantle, embedded", start: waitingMillion }],
  targets: [
    { contestant: "cantle, embedded", work: restart, measure: "firstMs", atMost: 5_000 },
    { contestant: "cantle, embedded", work: restart, measure: "residentMiB", atMost: 300 },
    { contestant: "cantle, embedded", work: drain, measure: "residentMiB", atMost: 300 },
  ],
  notes: [
    "from opening the folder in a new process to the first delivery, and what the process weighs then",
    "with the arguments of Node.js that the host gives to the process of its broker",
  ],
};

/** Each turn in a new process; what is drained is a copy, so that the next turn has a million again. */
async function waitingMillion(): Promise<Entrant> {
  const filled = await startPart(at("./backlog.ts"), "fill");
  const module = { url: at("./backlog.ts"), nodeArguments: brokerHeapArguments };
  return {
    async turn(work) {
      const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
      try {
        await cp(filled.at!, folder, { recursive: true });
        const part = await startPart(module, work === restart ? "first" : "drain", [folder]);
        await part.stop();
        const facts = Object.entries(part.facts as Readonly<Record<string, string>>);
        return Object.fromEntries(facts.map(([measure, figure]) => [measure, Number(figure)]));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    stop: () => filled.stop(),
  };
}
