/**
 * From the outbox of one service to the inbox of another: eight writers at once, and now and then a kill -9 of whoever has a part
 * in it. Everything that was said to be written is there, once, and in the order of its writer.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type RunningSystem, startSystem } from "@cantle/host";
import type { Contest, Measures } from "../harness/contest.ts";

const writers = 8;
const messagesMax = 10_000;
const killEvery = 500;
const victims = ["broker-1", "journal-1", "copies-1"];
const work = `${messagesMax} messages, a kill every ${killEvery}`;

/** The contest. */
export const outbox: Contest = {
  title: "outbox and inbox, under kill -9",
  works: [work],
  columns: () => [
    { measure: "lost", title: "lost", digits: 0 },
    { measure: "doubled", title: "doubled", digits: 0 },
    { measure: "disordered", title: "out of order", digits: 0 },
    { measure: "kills", title: "kills", digits: 0 },
    { measure: "tookMs", title: "took ms", digits: 0 },
  ],
  rounds: 1,
  turnMs: 0,
  warmMs: 0,
  contestants: [{ name: "cantle", start: async () => ({ turn: run, stop: async () => {} }) }],
  targets: ["lost", "doubled", "disordered"].map((measure) => ({ contestant: "cantle", work, measure, atMost: 0 })),
  notes: [
    "writers repeat what was not acknowledged, with its idempotency key; 100 rows a second or so, as each is synced",
  ],
};

async function run(): Promise<Measures> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const file = fileURLToPath(new URL("./journal/system.ts", import.meta.url));
  const env = { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" };
  const running = await startSystem({ file, placement: "each", port: 0, env });
  const startMs = performance.now();
  try {
    const { kills } = await writeAll(running);
    const { count, distinct, disordered } = await settled(running);
    const tookMs = performance.now() - startMs;
    return { lost: messagesMax - distinct, doubled: count - distinct, disordered, kills, tookMs };
  } finally {
    await running.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function writeAll(running: RunningSystem): Promise<{ readonly kills: number }> {
  const url = `${running.addresses.gateway}/entries`;
  let written = 0;
  let kills = 0;
  const write = async (writer: string, number: number): Promise<void> => {
    const headers = { "content-type": "application/json", "idempotency-key": `${writer}-${number}` };
    const body = JSON.stringify({ writer, number });
    for (;;) {
      const response = await fetch(url, { method: "POST", headers, body });
      await response.arrayBuffer();
      if (response.ok) break;
      if (response.status < 500) throw new Error(`refused with ${response.status}`);
    }
    if (++written % killEvery === 0 && killOne(running, kills)) kills++;
  };
  const all = Array.from({ length: writers }, async (_, at) => {
    for (let number = 0; number < messagesMax / writers; number++) await write(`writer-${at}`, number);
  });
  await Promise.all(all);
  return { kills };
}

function killOne(running: RunningSystem, kills: number): boolean {
  const victim = victims[kills % victims.length];
  const row = running.list().find(({ instance, state }) => instance === victim && state === "ready");
  return row?.pid != null && process.kill(row.pid, "SIGKILL");
}

interface Checked {
  readonly count: number;
  readonly distinct: number;
  readonly disordered: number;
}

/** The copies, when no more come. */
async function settled(running: RunningSystem): Promise<Checked> {
  let last: Checked = { count: 0, distinct: 0, disordered: 0 };
  // Longer than any back-off of a message or a restart.
  for (let lookedMs = 0; lookedMs < 120_000; lookedMs += 1_000) {
    const response = await fetch(`${running.addresses.gateway}/copies`);
    if (response.ok) last = (await response.json()) as Checked;
    if (last.distinct >= messagesMax) break;
    await delay(1_000);
  }
  return last;
}
