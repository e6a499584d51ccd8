/** Brokers: messages end to end, durably; more queues; and a backlog. */
import type { Column, Contest, Contestant } from "../harness/contest.ts";
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
