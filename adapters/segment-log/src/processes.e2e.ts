/**
 * Brokers in processes of their own that are killed in the middle of everything. The program they run is this very file, started with a
 * folder and a file: it publishes, takes and acks without a pause, and writes of each message into the file when it was stored, taken,
 * and acked. What it wrote outlives it.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { delay, seededRandom, systemClock, systemRandom } from "@cantle/core";
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
async function work(folder: string, file: string): Promise<void> {
  const broker = await open(folder);
  const diary = openSync(file, "a");
  const random = systemRandom();
  const data = Buffer.alloc(200, 0x61);
  const say = (what: string, id: string) => writeSync(diary, `${what} ${id}\n`);
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

interface Working {
  /** Resolves when it has stored so many. */
  stored(count: number): Promise<void>;
  /** Kills it; answers with everything that it said. */
  kill(): Promise<Said>;
}

function start(t: TestContext, folder: string): Working {
  const file = join(newFolder(t), "diary");
  const child = fork(fileURLToPath(import.meta.url), [folder, file]);
  t.after(() => child.kill("SIGKILL"));
  return {
    async stored(count) {
      while (saidIn(file).stored.size < count) {
        assert.equal(child.exitCode, null, "it works until it is killed");
        await delay(systemClock, 5);
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await once(child, "close");
      return saidIn(file);
    },
  };
}

function saidIn(file: string): Said {
  const said: Said = { stored: new Set(), taken: new Set(), acked: new Set() };
  for (const line of textOf(file).split("\n").slice(0, -1)) {
    const [what, id] = line.split(" ") as [keyof Said, string];
    said[what].add(id);
  }
  return said;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

if (process.send !== undefined && process.argv[3] !== undefined) {
  await work(process.argv[2] as string, process.argv[3]);
} else {
  test("killed in the middle of publishing, it has everything that was acknowledged, and starts by itself", async (t) => {
    const folder = newFolder(t);
    const random = seededRandom(3);
    const all: Said = { stored: new Set(), taken: new Set(), acked: new Set() };
    for (let round = 0; round < 4; round++) {
      const working = start(t, folder);
      await working.stored(200 + random.next() * 600);
      const said = await working.kill();
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
    const working = start(t, folder);
    await working.stored(1);
    await assert.rejects(open(folder), { code: "ALREADY_RUNNING", place: folder });
    await working.kill();
    await (await open(folder)).close();
  });

  test("what was in hand when a process was killed was tried once, and waits until its lease would have been over", async (t) => {
    const folder = newFolder(t);
    const working = start(t, folder);
    await working.stored(300);
    await working.kill();
    const broker = await open(folder);
    const [facts] = (await broker.queue?.queues()) ?? [];
    assert.ok((facts?.delayed ?? 0) > 0);
    await broker.close();
  });
}
