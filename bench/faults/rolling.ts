/** Everything is started again, one instance after the other, under load. */
import { setTimeout as delay } from "node:timers/promises";
import { failedOf, quantileMs } from "../harness/answers.ts";
import type { Contest, Measures } from "../harness/contest.ts";
import type { OpenRequest } from "../harness/open-load.ts";
import { faultContest, perSecond, startSubject } from "./subject.ts";

const units = ["desk", "shelf", "archive", "gateway"];
const calmMs = 1_000;
const short: readonly OpenRequest[] = [
  { name: "GET", path: "/desk/shelf?ms=5" },
  { name: "GET", path: "/desk/archive" },
  { name: "GET", path: "/shelf/look?ms=5" },
];
/** Through the desk, so that both it and the shelf have it in flight: five a second are fifty at once. */
const long: OpenRequest = { name: "GET of 10 s", path: "/desk/shelf?ms=10000" };
const works: Readonly<Record<string, { readonly requests: readonly OpenRequest[]; readonly loadMs: number }>> = {
  [`GET, ${perSecond}/s`]: { requests: short, loadMs: 15_000 },
  [`GET, ${perSecond}/s, 50 of 10 s in flight`]: {
    requests: [...Array.from({ length: 59 }, (_, at) => short[at % short.length]!), long],
    loadMs: 60_000,
  },
};

/** The contest. */
export function rolling(): Contest {
  return faultContest({
    title: "rolling restart of every service and of the gateway",
    works: Object.keys(works),
    rounds: 1,
    columns: { failed: "failed", sent: "requests", restartsMs: "restarts took ms", p99Ms: "p99 ms of the short ones" },
    asked: { failed: 0 },
    notes: ["as `cantle restart` does it; two instances of one service, one of each other and of the gateway"],
    start: restarting,
  });
}

async function restarting() {
  const subject = await startSubject();
  async function turn(work: string): Promise<Measures> {
    const { requests, loadMs: ms } = works[work]!;
    const loading = subject.load({ perSecond, ms, requests });
    await delay(calmMs);
    const startMs = performance.now();
    for (const unit of units) await subject.restart(unit);
    const restartsMs = performance.now() - startMs;
    const answers = await loading;
    if (calmMs + restartsMs > ms) throw new Error(`the load was over before the restarts, which took ${restartsMs} ms`);
    const quick = answers.filter(({ name }) => name !== long.name);
    return { failed: failedOf(answers), sent: answers.length, restartsMs, p99Ms: quantileMs(quick, 0.99) };
  }
  return { turn, stop: subject.stop };
}
