/** A dependency that is a hundred times slower than it was: who does not need it shall not notice. */
import { type Answer, failedOf, named, quantileMs } from "../harness/answers.ts";
import type { Contest, Measures } from "../harness/contest.ts";
import type { OpenRequest } from "../harness/open-load.ts";
import { faultContest, perSecond, startSubject } from "./subject.ts";

const usualMs = 5;
const slowMs = 100 * usualMs;
const loadMs = 8_000;
/** Nothing of what was loaded for the first time. */
const warmMs = 4_000;
const affected: OpenRequest = { name: "affected", path: "/desk/archive" };
const others: readonly OpenRequest[] = ["/desk/shelf?ms=5", "/desk/own", "/shelf/look?ms=5"].map((path) => ({
  name: "other",
  path,
}));

/** The contest. */
export function slow(): Contest {
  return faultContest({
    title: "one dependency 100 times slower",
    works: [`GET, ${perSecond}/s, half of them need it`],
    rounds: 3,
    counts: "median",
    columns: {
      ratio: "p99 of others, of before",
      beforeMs: "before, ms",
      meanwhileMs: "meanwhile, ms",
      lateMs: "p99 of the load's own",
      affectedMs: "p50 of affected, ms",
      refused: "affected refused",
      failed: "others failed",
    },
    digits: { ratio: 2, beforeMs: 1, meanwhileMs: 1, lateMs: 1 },
    asked: { ratio: 1.5, refused: 0, failed: 0 },
    notes: [
      "others: routes of the same caller, and of its neighbour; affected: 75 in flight instead of one, all let in",
    ],
    start: slowing,
  });
}

async function slowing() {
  const subject = await startSubject();
  const requests = others.flatMap((other) => [other, affected]);

  async function at(ms: number, forMs: number): Promise<readonly Answer[]> {
    const headers = { "content-type": "application/json" };
    const set = await fetch(`${subject.url}/archive/pace`, { method: "PUT", headers, body: JSON.stringify({ ms }) });
    if (!set.ok) throw new Error(`the pace could not be set: ${set.status}`);
    return subject.load({ perSecond, ms: forMs, requests });
  }
  await at(usualMs, warmMs);
  async function turn(): Promise<Measures> {
    const before = await at(usualMs, loadMs);
    const meanwhile = await at(slowMs, loadMs);
    const [beforeMs, meanwhileMs] = [before, meanwhile].map((some) => quantileMs(named(some, "other"), 0.99));
    return {
      ratio: meanwhileMs! / beforeMs!,
      beforeMs: beforeMs!,
      meanwhileMs: meanwhileMs!,
      lateMs: quantileMs(meanwhile, 0.99, "lateMs"),
      affectedMs: quantileMs(named(meanwhile, "affected"), 0.5),
      refused: failedOf(named(meanwhile, "affected")),
      failed: failedOf(named([...before, ...meanwhile], "other")),
    };
  }
  return { turn, stop: subject.stop };
}
