/**
 * A consumer that is killed in the middle of handling: a service that writes each message it takes into its database, in a table without
 * any constraint. Its inbox has to see to it that each message has its effect once, however often it is delivered.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type RunningSystem, startSystem } from "@cantle/host";
import type { Contest, Entrant, Measures } from "../harness/contest.ts";
import { moments, seed } from "./moments.ts";

const work = "kill -9 while handling";
const writersMax = 8;
const each = 40;
/** Longer than a message waits that has to be handled alone. */
const settleMs = 60_000;

/** The contest. */
export const consumer: Contest = {
  title: "durability of a consumer's effects",
  works: [work],
  columns: () => [
    { measure: "open", title: "unhandled at the kill", digits: 0 },
    { measure: "lost", title: "lost", digits: 0 },
    { measure: "doubled", title: "doubled", digits: 0 },
    { measure: "disordered", title: "out of order", digits: 0 },
    { measure: "tookMs", title: "took ms", digits: 0 },
  ],
  rounds: 100,
  turnMs: 0,
  warmMs: 0,
  contestants: [{ name: "cantle", start }],
  targets: ["lost", "doubled", "disordered"].map((measure) => ({ contestant: "cantle", work, measure, atMost: 0 })),
  notes: [
    `seed ${seed}; ${writersMax * each} messages a round, over all rounds counted after each`,
    "a round that loses, doubles or misorders an effect ends the contest",
  ],
};

async function start(): Promise<Entrant> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const file = fileURLToPath(new URL("./journal/system.ts", import.meta.url));
  const env = { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" };
  const running = await startSystem({ file, placement: "each", port: 0, env });
  const nextMs = moments(0, 100);
  let round = 0;
  return {
    turn: () => kill(running, { round: round++, afterMs: nextMs() }),
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** One round: it has begun to handle, it is killed, it is started again and handles the rest. */
async function kill(running: RunningSystem, { round, afterMs }: { round: number; afterMs: number }): Promise<Measures> {
  const startMs = performance.now();
  const before = round * writersMax * each;
  const wanted = before + writersMax * each;
  await fill(running, round);
  await copiesOf(running, ({ count }) => count > before);
  await delay(afterMs);
  const begun = await copiesOf(running, () => true);
  const { pid } = running.list().find(({ unit }) => unit === "copies")!;
  process.kill(pid!, "SIGKILL");
  // Somebody asks for it, so it is not held back as a service would be that falls again and again by itself.
  await running.restart("copies");
  const { count, distinct, disordered } = await copiesOf(running, ({ distinct }) => distinct >= wanted);
  const [lost, doubled] = [wanted - distinct, count - distinct];
  if (lost + doubled + disordered > 0)
    throw new Error(`round ${round} of seed ${seed}: ${lost} lost, ${doubled} doubled, ${disordered} out of order`);
  return { open: wanted - begun.count, lost, doubled, disordered, tookMs: performance.now() - startMs };
}

async function fill(running: RunningSystem, round: number): Promise<void> {
  const writers = Array.from({ length: writersMax }, (_, at) => `round ${round}, writer ${at}`);
  const response = await fetch(`${running.addresses.gateway}/entries/many`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": `round-${round}` },
    body: JSON.stringify({ writers, count: each }),
  });
  if (!response.ok) throw new Error(`refused with ${response.status}: ${await response.text()}`);
}

interface Copies {
  readonly count: number;
  readonly distinct: number;
  readonly disordered: number;
}

/** The copies, as soon as they are as they should be; or when that takes too long. */
async function copiesOf(running: RunningSystem, isDone: (copies: Copies) => boolean): Promise<Copies> {
  const untilMs = performance.now() + settleMs;
  let last: Copies = { count: 0, distinct: 0, disordered: 0 };
  while (performance.now() < untilMs) {
    const response = await fetch(`${running.addresses.gateway}/copies`);
    if (response.ok) last = (await response.json()) as Copies;
    else await response.arrayBuffer();
    if (isDone(last)) break;
    await delay(20);
  }
  return last;
}
