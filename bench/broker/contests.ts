/** Brokers: messages end to end, durably; more queues; and a backlog. */
import type { Column, Contest, Contestant } from "../harness/contest.ts";
import { counted } from "../harness/entrants.ts";
import { startPart } from "../harness/start-part.ts";
import type { BrokerOrder } from "./drive.ts";
import { findServer } from "./servers.ts";

const batches = "8 publishers, 100 at a time";
const ten = "10 publishers, 100 at a time";
const single = "16 publishers, one at a time";
const orders: Readonly<Record<string, Omit<BrokerOrder, "ms">>> = {
  [batches]: { publishers: 8, batch: 100 },
  [single]: { publishers: 16, batch: 1 },
  [ten]: { publishers: 10, batch: 100 },
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

function contestant(name: string, file: string, args: readonly unknown[] = []): Contestant {
  return {
    name,
    async start() {
      const part = await startPart(at(file), "start", args);
      const turn = (work: string, ms: number) =>
        counted(part.pids, () => part.drive({ ...(orders[work] ?? orders[batches]!), ms } satisfies BrokerOrder));
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
    ...(isThere("nats-server") ? [contestant("jetstream", "./jetstream.ts")] : []),
  ],
  targets: [
    { contestant: "cantle, embedded", work: batches, measure: "perSecond", atLeast: 80_000 },
    { contestant: "cantle, embedded", work: batches, measure: "perSecond", to: "redis streams", atLeast: 2 },
    { contestant: "cantle, embedded", work: single, measure: "perSecond", to: "redis streams", atLeast: 0.6 },
  ],
  notes: [
    "published, taken and acked; a message counts when its ack is on the disk; clients and server are counted",
    "cantle is in the process of its users; redis has appendfsync always, its client is written by hand and acks what it read at once",
    "jetstream is synced every two minutes: its acknowledgements do not survive a power cut",
  ],
};

const queues: Contest = {
  title: "more queues",
  works: [ten],
  columns: () => columns,
  rounds: 5,
  turnMs: 1_000,
  warmMs: 1_000,
  reference: "1 queue",
  contestants: [1, 10, 1_000].map((count) =>
    contestant(count === 1 ? "1 queue" : `${count} queues`, "./cantle.ts", [count]),
  ),
  targets: [{ contestant: "10 queues", work: ten, measure: "perSecond", to: "1 queue", atLeast: 0.95 }],
};

const backlog: Contest = {
  title: "a backlog of 1,000,000",
  works: ["restart"],
  columns: () => [
    { measure: "firstMs", title: "first delivery ms", digits: 0 },
    { measure: "residentMiB", title: "resident MiB", digits: 0 },
  ],
  rounds: 5,
  turnMs: 0,
  warmMs: 0,
  contestants: [
    {
      name: "cantle, embedded",
      async start() {
        const filled = await startPart(at("./backlog.ts"), "fill");
        const turn = async () => {
          const part = await startPart(at("./backlog.ts"), "first", [filled.at]);
          await part.stop();
          const { firstMs, residentMiB } = part.facts as Readonly<Record<string, string>>;
          return { firstMs: Number(firstMs), residentMiB: Number(residentMiB) };
        };
        return { turn, stop: () => filled.stop() };
      },
    },
  ],
  targets: [
    { contestant: "cantle, embedded", work: "restart", measure: "firstMs", atMost: 5_000 },
    { contestant: "cantle, embedded", work: "restart", measure: "residentMiB", atMost: 300 },
  ],
  notes: ["from opening the folder in a new process to the first delivery, and what the process weighs then"],
};
