/**
 * For tests: a broker in a process of its own that works until it is killed. It publishes, takes and acks without a pause, and writes of
 * each message into a diary when it was stored, taken, and acked. What it wrote outlives it.
 *
 * This file is the program as well: `node test-worker.ts FOLDER DIARY`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { delay, systemClock, systemRandom } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { newFolder } from "./temporary.ts";

const publishers = 8;
const inHandMax = 25;
const segmentBytes = 200_000;

/** The queue that it works on. */
export const workerQueue = "shop.work";

/** Opens a folder as the worker does: with segments so small that they come and go. */
export function openSmall(folder: string): Promise<Broker> {
  const engine = createSegmentLog({ segmentBytes, reserveBytes: 4096 });
  return engine.open({ url: `segment-log:${folder}`, clock: systemClock, random: systemRandom(), log: silentLogger });
}

/** What is in a diary, or in several: ids. */
export type Said = Readonly<Record<"stored" | "taken" | "acked", Set<string>>>;

/** A diary in which nothing is written. */
export function saidNothing(): Said {
  return { stored: new Set(), taken: new Set(), acked: new Set() };
}

/** A worker that runs. */
export interface Working {
  /** Resolves when it has stored so many. */
  stored(count: number): Promise<void>;
  /** Adds what it said by now. */
  tell(said: Said): void;
  /** Ends when it is gone. */
  kill(): Promise<void>;
}

/** Starts a worker on a folder. */
export function startWorker(t: TestContext, folder: string): Working {
  const diary = join(newFolder(t), "diary");
  const child = fork(fileURLToPath(import.meta.url), [folder, diary]);
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  return {
    async stored(count) {
      while (read(diary, saidNothing()).stored.size < count) {
        if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
        await delay(systemClock, 10);
      }
    },
    tell: (said) => void read(diary, said),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** What a broker has lost, and what it gives again, after what was said: nothing, both times, is what is wanted. */
export async function missing(broker: Broker, said: Said): Promise<{ lost: string[]; again: string[] }> {
  const waiting = await broker.queue?.peek(workerQueue, Number.MAX_SAFE_INTEGER);
  const there = new Set(waiting?.map(({ id }) => id));
  return {
    lost: [...said.stored].filter((id) => !said.taken.has(id) && !there.has(id)),
    again: [...said.acked].filter((id) => there.has(id)),
  };
}

/** The last line may be half written. */
function read(diary: string, said: Said): Said {
  for (const line of textOf(diary).split("\n").slice(0, -1)) {
    const [what, id] = line.split(" ") as [keyof Said, string];
    said[what].add(id);
  }
  return said;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function work(folder: string, path: string): Promise<void> {
  const broker = await openSmall(folder);
  const diary = openSync(path, "a");
  const random = systemRandom();
  const data = Buffer.alloc(200, 0x61);
  const say = (what: keyof Said, id: string) => writeSync(diary, `${what} ${id}\n`);
  const end = (delivery: Delivery) => {
    const { id } = delivery.message;
    say("taken", id);
    void delivery.ack().then(() => say("acked", id));
  };
  const inHand: Delivery[] = [];
  const onDelivery = (delivery: Delivery) => {
    // Every third message stays in hand for a while.
    const isKept = delivery.message.id.charCodeAt(0) % 3 === 0;
    if (!isKept) end(delivery);
    else if (inHand.push(delivery) > inHandMax) end(inHand.shift() as Delivery);
  };
  await broker.queue?.consume(workerQueue, { inFlightMax: 2 * inHandMax, leaseMs: 60_000, onDelivery });
  const publish = async () => {
    for (;;) {
      const ids = Array.from({ length: 5 }, () => random.hex(8));
      const time = "2026-01-01T00:00:00.000Z";
      await broker.queue?.send(
        workerQueue,
        ids.map((id) => ({ id, source: "shop", time, data })),
      );
      for (const id of ids) say("stored", id);
    }
  };
  await Promise.all(Array.from({ length: publishers }, publish));
}

if (import.meta.main) await work(process.argv[2] as string, process.argv[3] as string);
