/** Processes of the running blog are ended, or started again, under mixed traffic: reads and writes, with databases behind them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Contest, Measures } from "../harness/contest.ts";
import { faultContest, type Running, startRunning } from "./subject.ts";
import { type Ended, startTraffic } from "./traffic.ts";

const calmMs = 1_000;
const afterMs = 3_000;
const backMs = 15_000;
const columns = {
  backMs: "back after ms",
  slowestMs: "slowest ms",
  sent: "requests",
  readsFailed: "reads failed",
  writesFailed: "writes failed",
};
const notes = [
  "back: from the signal to the first good answer about comments that was asked for after it",
  "reads may be repeated and should not fail; a write that was under way may, as nobody knows whether it was done",
];

/** A fault. */
interface Fault {
  readonly title: string;
  readonly placement: string;
  /** Unit → what is done to it. */
  readonly done: Readonly<Record<string, "SIGKILL" | "SIGTERM" | "restart">>;
  readonly asked: Measures;
}

/** The contests. */
export function blog(): Contest[] {
  return [
    {
      title: "the blog: kill -9 of the only instance of 'comments'",
      placement: "each",
      done: { comments: "SIGKILL" },
      asked: { backMs: 2_000 },
    } as const,
    {
      title: "the blog: SIGTERM to one of two instances of 'comments'",
      placement: "two",
      done: { back: "SIGTERM" },
      asked: { readsFailed: 0 },
    } as const,
    {
      title: "the blog: a unit is started again",
      placement: "two",
      done: { front: "restart", back: "restart", gateway: "restart" },
      asked: { readsFailed: 0, writesFailed: 0 },
    } as const,
  ].map(contest);
}

function contest({ title, placement, done, asked }: Fault): Contest {
  const works = Object.fromEntries(Object.entries(done).map(([unit, act]) => [`${act} of '${unit}'`, { unit, act }]));
  return faultContest({
    title,
    works: Object.keys(works),
    rounds: 2,
    columns,
    asked,
    notes,
    async start() {
      const set = ["storage.folder={home}/images"];
      const running = await startRunning({ file: "../../examples/blog/system.ts", placement, set });
      return { turn: (work) => suffer(running, works[work]!), stop: running.stop };
    },
  });
}

/** One fault under traffic. */
async function suffer(
  running: Running,
  { unit, act }: { unit: string; act: Fault["done"][string] },
): Promise<Measures> {
  const [victim] = await running.ready(unit);
  const traffic = await startTraffic(`${running.url}/api`);
  try {
    await delay(calmMs);
    const atMs = performance.now();
    if (act === "restart") await running.restart(unit);
    else process.kill(victim!.pid!, act);
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
    readsFailed: failed.length - writesFailed,
    writesFailed,
  };
}
