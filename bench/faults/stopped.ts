/** An instance that is there and does nothing any more (SIGSTOP), and callers with a deadline of 200 ms. */
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { failedOf, quantileMs, wallMs } from "../harness/answers.ts";
import type { Contest, Measures } from "../harness/contest.ts";
import { familyOf } from "../harness/cpu.ts";
import { faultContest, perSecond, type Subject, startSubject } from "./subject.ts";

const deadlineMs = 200;
/** Shorter than the ten seconds after which it would be started again. */
const loadMs = 9_000;
/** Code is warm and connections are open. */
const warmMs = 4_000;
const calmMs = 2_000;
/** By then whoever calls it has learned that it does not answer. */
const learnedMs = 1_000;
const settleMs = 1_500;

/** The contest. */
export function stopped(): Contest {
  return faultContest({
    title: "SIGSTOP of one of two instances",
    works: [`GET, ${perSecond}/s, deadline of ${deadlineMs} ms`],
    rounds: 3,
    columns: {
      p99Ms: "p99 ms",
      failed: "failed",
      later: "of them later",
      sent: "requests",
      slowestMs: "slowest ms",
      lateMs: "p99 of the load's own",
      leaked: "sockets leaked",
    },
    asked: { p99Ms: 250, later: 0, leaked: 0 },
    notes: [
      "of the requests after the stop; whatever goes to the stopped instance fails at its deadline, as does what is late elsewhere",
      `later: more than ${learnedMs} ms after the stop; sockets are those of all processes of the system`,
    ],
    start: stopping,
  });
}

async function stopping() {
  const subject = await startSubject({ set: [`policies.shelf.timeoutMs=${deadlineMs}`] });
  const requests = [{ name: "GET", path: "/shelf/look?ms=5" }];
  await subject.load({ perSecond, ms: warmMs, requests });
  async function turn(): Promise<Measures> {
    const [victim] = await subject.ready("shelf");
    const before = await socketsOf(subject);
    const loading = subject.load({ perSecond, ms: loadMs, requests });
    await delay(calmMs);
    process.kill(victim!.pid!, "SIGSTOP");
    const atMs = wallMs();
    const answers = (await loading).filter(({ dueMs }) => dueMs >= atMs);
    process.kill(victim!.pid!, "SIGCONT");
    await delay(settleMs);
    return {
      p99Ms: quantileMs(answers, 0.99),
      failed: failedOf(answers),
      later: answers.filter(({ dueMs, isGood }) => !isGood && dueMs > atMs + learnedMs).length,
      sent: answers.length,
      slowestMs: quantileMs(answers, 1),
      lateMs: quantileMs(answers, 0.99, "lateMs"),
      leaked: (await socketsOf(subject)) - before,
    };
  }
  return { turn, stop: subject.stop };
}

/** How many sockets all processes of the system have. */
async function socketsOf(subject: Subject): Promise<number> {
  const pids = (await subject.list()).flatMap(({ pid }) => (pid === null ? [] : familyOf(pid)));
  return pids.reduce((sum, pid) => sum + countOf(`/proc/${pid}/fd`), 0);
}

function countOf(folder: string): number {
  const isSocket = (name: string) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      return false;
    }
  };
  return readdirSync(folder).filter(isSocket).length;
}
