/** kill -9 of the supervisor of a system in the background: the system goes on, and the next start takes it over. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Answer, failedOf, quantileMs } from "../harness/answers.ts";
import type { Contest, Measures } from "../harness/contest.ts";
import type { OpenRequest } from "../harness/open-load.ts";
import { faultContest, perSecond, startLoad } from "./subject.ts";

const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../tooling/cli/bin/cantle.js", import.meta.url));
const system = fileURLToPath(new URL("./subject", import.meta.url));
const loadMs = 10_000;
const calmMs = 2_000;
/** For so long nobody watches. */
const aloneMs = 3_000;
const requests: readonly OpenRequest[] = [
  { name: "GET", path: "/desk/shelf?ms=5" },
  { name: "POST", path: "/shelf/books", body: '{"key":"{key}"}' },
];

/** The contest. */
export function leftAlone(): Contest {
  return faultContest({
    title: "kill -9 of the supervisor of a background system",
    works: [`GET and POST, ${perSecond}/s`],
    rounds: 3,
    columns: {
      failed: "failed",
      sent: "requests",
      notAdopted: "instances not taken over",
      adoptMs: "next start took ms",
      slowestMs: "slowest ms",
    },
    asked: { failed: 0, notAdopted: 0 },
    notes: [
      `${aloneMs} ms later, under the same load, it is started again; in each round the supervisor of the round before`,
    ],
    start: abandoning,
  });
}

/** What `cantle start --json` and `cantle ps --json` say. */
interface Started {
  readonly gateway: string;
  readonly pid: number;
}
interface Processes {
  readonly units: readonly { readonly instances: readonly { readonly pid: number }[] }[];
}

async function abandoning() {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const env = { ...process.env, CANTLE_HOME: home, NODE_ENV: "production", LOG_LEVEL: "error" };
  const cantle = async (...words: readonly string[]) =>
    (await run(process.execPath, [bin, ...words, "--system", system], { env })).stdout;
  const start = async () =>
    JSON.parse(await cantle("start", "--background", "--units", "pair", "--port", "0", "--json")) as Started;
  const pids = async () =>
    (JSON.parse(await cantle("ps", "--json")) as Processes).units.flatMap(({ instances }) =>
      instances.map(({ pid }) => pid),
    );
  let running = await start().catch(async (error) => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  const generator = await startLoad();

  async function turn(): Promise<Measures> {
    const before = await pids();
    const loading = generator.drive<Answer[]>({ url: running.gateway, perSecond, ms: loadMs, requests });
    await delay(calmMs);
    process.kill(running.pid, "SIGKILL");
    await delay(aloneMs);
    const startMs = performance.now();
    const next = await start();
    const adoptMs = performance.now() - startMs;
    if (next.gateway !== running.gateway || next.pid === running.pid) throw new Error("it was not started again");
    running = next;
    const after = new Set(await pids());
    const answers = await loading;
    return {
      failed: failedOf(answers),
      sent: answers.length,
      notAdopted: before.filter((pid) => !after.has(pid)).length,
      adoptMs,
      slowestMs: quantileMs(answers, 1),
    };
  }
  return {
    turn,
    async stop() {
      await Promise.all([generator.stop(), cantle("stop")]);
      await rm(home, { recursive: true, force: true });
    },
  };
}
