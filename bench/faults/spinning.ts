/** `while (true)` in a handler: an instance whose event loop does not turn any more. */
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceRow } from "@cantle/supervisor";
import { failedOf, named, quantileMs, wallMs } from "../harness/answers.ts";
import type { Contest, Measures } from "../harness/contest.ts";
import type { OpenRequest } from "../harness/open-load.ts";
import { faultContest, perSecond, startSubject } from "./subject.ts";

const loadMs = 18_000;
const calmMs = 2_000;
/** By then whoever calls it has learned that it does not answer. */
const learnedMs = 1_000;
const caughtMs = 1_000;
const lookMs = 50;
const own: OpenRequest = { name: "own", path: "/shelf/look?ms=5" };
const neighbours: OpenRequest = { name: "neighbours", path: "/desk/own" };

/** The contest. */
export function spinning(): Contest {
  return faultContest({
    title: "while (true) in a handler of one of two instances",
    works: [`GET, ${perSecond}/s`],
    rounds: 2,
    columns: {
      caught: "caught",
      later: "of them later",
      failed: "failed",
      sent: "requests",
      restartedMs: "back after ms",
      neighboursFailed: "neighbours' failed",
      neighboursRestarted: "neighbours restarted",
    },
    asked: { later: 0, failed: 0, restartedMs: 15_000, neighboursFailed: 0, neighboursRestarted: 0 },
    notes: [
      `caught: took more than ${caughtMs} ms; later: sent more than ${learnedMs} ms after it began to spin`,
      "what is caught is sent again, elsewhere, when the instance is killed; neighbours: the desk, and the other shelf",
    ],
    start: turning,
  });
}

async function turning() {
  const subject = await startSubject();

  async function turn(): Promise<Measures> {
    await subject.ready("shelf");
    const before = await subject.list();
    const loading = subject.load({ perSecond, ms: loadMs, requests: [own, neighbours] });
    await delay(calmMs);
    const atMs = wallMs();
    const spun = await fetch(`${subject.url}/shelf/spin`, { method: "POST" });
    if (spun.ok) throw new Error("it did not spin");
    const restartedMs = await back(before, atMs);
    const answers = await loading;
    const after = await subject.list();
    const caught = answers.filter(({ tookMs }) => tookMs > caughtMs);
    return {
      caught: caught.length,
      later: caught.filter(({ dueMs }) => dueMs > atMs + learnedMs).length,
      failed: failedOf(named(answers, own.name)),
      sent: answers.length,
      restartedMs,
      neighboursFailed: failedOf(named(answers, neighbours.name)),
      neighboursRestarted: restartsOf(before, after).length - 1,
      slowestMs: quantileMs(answers, 1),
    };
  }

  /** When all instances of the shelf are ready and one of them is another process than before. */
  async function back(before: readonly InstanceRow[], atMs: number): Promise<number> {
    for (;;) {
      await subject.ready("shelf");
      if (restartsOf(before, await subject.list()).length > 0) return wallMs() - atMs;
      if (wallMs() > atMs + loadMs) throw new Error("it was not restarted");
      await delay(lookMs);
    }
  }
  return { turn, stop: subject.stop };
}

/** The processes of before that are not there any more. */
function restartsOf(before: readonly InstanceRow[], after: readonly InstanceRow[]): readonly InstanceRow[] {
  const pids = new Set(after.map(({ pid }) => pid));
  return before.filter(({ pid }) => !pids.has(pid));
}
