/** What a fault costs those who call: processes of the running blog are ended under mixed traffic. */
import { setTimeout as delay } from "node:timers/promises";
import type { Column, Contest, Measures } from "../harness/contest.ts";
import { type RemotePart, startPart } from "../harness/start-part.ts";
import type { PidsOf, RestartOf } from "./blog.ts";
import { type Ended, startTraffic } from "./traffic.ts";

const calmMs = 1_000;
const afterMs = 3_000;
const backMs = 15_000;

const columns: readonly Column[] = [
  { measure: "backMs", title: "back after ms", digits: 0 },
  { measure: "slowestMs", title: "slowest ms", digits: 0 },
  { measure: "sent", title: "requests", digits: 0 },
  { measure: "readsFailed", title: "reads failed", digits: 0 },
  { measure: "writesFailed", title: "writes failed", digits: 0 },
];

/** A fault. */
interface Fault {
  readonly title: string;
  readonly placement: string;
  readonly unit: string;
  /** Sent to one process of the unit; or all of it is started again. */
  readonly signal: "SIGKILL" | "SIGTERM" | "restart";
}

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const killed = { title: "kill -9 of the only instance of 'comments'", placement: "each", unit: "comments" };
  const ended = { title: "SIGTERM to one of two instances of 'comments'", placement: "two", unit: "back" };
  return [
    contest({ ...killed, signal: "SIGKILL" }, { measure: "backMs", atMost: 2_000 }),
    contest({ ...ended, signal: "SIGTERM" }, { measure: "readsFailed", atMost: 0 }),
    ...["front", "back", "gateway"].map((unit) =>
      contest(
        { title: `'${unit}' is started again`, placement: "two", unit, signal: "restart" },
        { measure: "failed", atMost: 0 },
      ),
    ),
  ];
}

function contest(fault: Fault, target: { measure: string; atMost: number }): Contest {
  const work = `placed '${fault.placement}'`;
  return {
    title: fault.title,
    works: [work],
    columns: () => columns,
    rounds: 3,
    turnMs: 0,
    warmMs: 0,
    contestants: [
      {
        name: "cantle",
        async start() {
          const blog = await startPart(new URL("./blog.ts", import.meta.url).href, "start", [fault.placement]);
          return { turn: () => suffer(blog, fault), stop: () => blog.stop() };
        },
      },
    ],
    targets: [{ contestant: "cantle", work, ...target }],
    notes: [
      "back: from the signal to the first good answer about comments that was asked for after it",
      "reads may be repeated and should not fail; a write that was under way may, as nobody knows whether it was done",
    ],
  };
}

/** One fault under traffic. */
async function suffer(blog: RemotePart, { unit, signal }: Fault): Promise<Measures> {
  const [pid] = await blog.drive<number[]>({ unit } satisfies PidsOf);
  const traffic = await startTraffic(blog.url!);
  try {
    await delay(calmMs);
    const atMs = performance.now();
    if (signal === "restart") await blog.drive({ restart: unit } satisfies RestartOf);
    else process.kill(pid!, signal);
    const isBack = ({ kind, sentMs, isGood }: Ended) => kind === "comments" && isGood && sentMs > atMs;
    while (!traffic.ended.some(isBack) && performance.now() < atMs + backMs) await delay(5);
    await delay(afterMs);
    await traffic.stop();
    const back = traffic.ended.filter(isBack).map(({ endedMs }) => endedMs - atMs);
    if (back.length === 0) throw new Error(`comments did not come back within ${backMs} ms`);
    return { backMs: Math.min(...back), ...tally(traffic.ended) };
  } finally {
    await traffic.stop();
  }
}

function tally(ended: readonly Ended[]): Measures {
  const failed = ended.filter(({ isGood }) => !isGood);
  for (const outcome of new Set(failed.map(({ kind, outcome }) => `${kind}: ${outcome}`)))
    process.stderr.write(`failed: ${outcome}\n`);
  const writesFailed = failed.filter(({ kind }) => kind === "comment").length;
  return {
    sent: ended.length,
    slowestMs: Math.max(...ended.map(({ sentMs, endedMs }) => endedMs - sentMs)),
    failed: failed.length,
    readsFailed: failed.length - writesFailed,
    writesFailed,
  };
}
