/**
 * Brokers in processes of their own that are killed in the middle of everything. The program they run is this very file, started with a
 * folder: it publishes, takes and acks without a pause, and says of each message when it was acknowledged and when its ack was.
 */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom, systemClock, systemRandom } from "@cantle/core";
import type { Broker } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { newFolder } from "./temporary.ts";

const queue = "shop.work";
const publishers = 8;
const segmentBytes = 200_000;

function open(folder: string): Promise<Broker> {
  const engine = createSegmentLog({ segmentBytes, reserveBytes: 4096 });
  return engine.open({ url: `segment-log:${folder}`, clock: systemClock, random: systemRandom(), log: silentLogger });
}

/** What the child runs: for ever. */
async function work(folder: string): Promise<void> {
  const broker = await open(folder);
  const random = systemRandom();
  const data = Buffer.alloc(200, 0x61);
  const say = (what: string, id: string) => writeSync(1, `${what} ${id}\n`);
  await broker.queue?.consume(queue, {
    inFlightMax: 50,
    leaseMs: 60_000,
    onDelivery: (delivery) => {
      // Every third message stays in hand.
      if (delivery.message.id.charCodeAt(0) % 3 === 0) return;
      say("taken", delivery.message.id);
      void delivery.ack().then(() => say("acked", delivery.message.id));
    },
  });
  const publish = async () => {
    for (;;) {
      const ids = Array.from({ length: 5 }, () => random.hex(8));
      const messages = ids.map((id) => ({ id, source: "shop", time: "2026-01-01T00:00:00.000Z", data }));
      await broker.queue?.send(queue, messages);
      for (const id of ids) say("stored", id);
    }
  };
  await Promise.all(Array.from({ length: publishers }, publish));
}

interface Said {
  readonly stored: Set<string>;
  readonly taken: Set<string>;
  readonly acked: Set<string>;
}

function start(t: TestContext, folder: string): { child: ChildProcess; said: Said } {
  const child = fork(fileURLToPath(import.meta.url), [folder], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const said: Said = { stored: new Set(), taken: new Set(), acked: new Set() };
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [what, id] = line.split(" ") as [keyof Said, string];
      said[what].add(id);
    }
  });
  return { child, said };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  await work(process.argv[2]);
} else {
  test("killed in the middle of publishing, it has everything that was acknowledged, and starts by itself", async (t) => {
    const folder = newFolder(t);
    const random = seededRandom(3);
    const all: Said = { stored: new Set(), taken: new Set(), acked: new Set() };
    for (let round = 0; round < 4; round++) {
      const { child, said } = start(t, folder);
      const enough = 200 + random.next() * 600;
      await until(() => said.stored.size > enough);
      child.kill("SIGKILL");
      await once(child, "close");
      for (const what of ["stored", "taken", "acked"] as const) for (const id of said[what]) all[what].add(id);
      const broker = await open(folder);
      const there = new Set((await broker.queue?.peek(queue, 1_000_000))?.map(({ id }) => id));
      const lost = [...all.stored].filter((id) => !all.taken.has(id) && !there.has(id));
      const again = [...all.acked].filter((id) => there.has(id));
      assert.deepEqual([lost, again], [[], []]);
      await broker.close();
    }
  });

  test("a folder that a process has is refused, and free when that is killed", async (t) => {
    const folder = newFolder(t);
    const { child, said } = start(t, folder);
    await until(() => said.stored.size > 0);
    await assert.rejects(open(folder), { code: "ALREADY_RUNNING", place: folder });
    child.kill("SIGKILL");
    await once(child, "close");
    await (await open(folder)).close();
  });

  test("a message whose handling ends the process is counted, every time", async (t) => {
    const folder = newFolder(t);
    const { child, said } = start(t, folder);
    await until(() => said.stored.size > 300);
    child.kill("SIGKILL");
    await once(child, "close");
    const broker = await open(folder);
    const facts = await broker.queue?.queues();
    // What was in its hands was tried once, and waits until the lease would have been over.
    assert.ok((facts?.[0]?.delayed ?? 0) > 0);
    await broker.close();
  });
}
