/**
 * Damage: one flipped bit, a file that is cut, gone, or another one. It is always found and named, or it does no harm; nothing that is
 * intact is lost over it. Only what nobody was told had worked may be cut off in silence.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { crc32 } from "node:zlib";
import { seededRandom, virtualClock } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { MemoryFiles, memoryFolder } from "./journal/memory-files.ts";

/** Some places in CI; with CANTLE_EXHAUSTIVE=1 every byte, and one bit in ten. */
const everywhere = process.env["CANTLE_EXHAUSTIVE"] === "1";
const stride = (step: number) => (everywhere ? Math.max(1, Math.floor(step / 50)) : step);

const [queue, topic] = ["shop.work", "shop.news"];
const clock = virtualClock();
const random = seededRandom(11);
const engineOf = (files: MemoryFiles) =>
  createSegmentLog({ segmentBytes: 3_000, reserveBytes: 0, handsBytes: 2_000 }, files);

function open(files: MemoryFiles, repair = false): Promise<Broker> {
  const url = `segment-log:${memoryFolder}?repair=${repair}`;
  return engineOf(files).open({ url, clock, random, log: silentLogger });
}

/** Everything in a broker that somebody could miss. */
async function contentOf(broker: Broker): Promise<string[]> {
  const messages = [
    ...((await broker.queue?.peek(queue, 1_000)) ?? []),
    ...(await broker.log.read(topic, { from: { kind: "first" }, max: 1_000 })),
  ];
  const letters = await broker.deadLetters.read({ kind: "queue", name: queue }, { max: 1_000 });
  return [
    ...messages.map(({ id, key, data }) => `${id} ${key} ${Buffer.from(data).toString()}`),
    ...letters.map(({ message, failures }) => `buried ${message.id} ${JSON.stringify(failures)}`),
  ];
}

async function contentAfter(files: MemoryFiles, repair = false): Promise<string[]> {
  const broker = await open(files, repair);
  const content = await contentOf(broker);
  await broker.close();
  return content;
}

function message(id: string, bytes: number) {
  return { id, key: "k", source: "shop", time: "2026-01-01T00:00:00.000Z", data: Buffer.alloc(bytes, id) };
}

/** Some of everything, over several segments, at rest. */
async function fill(): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  const broker = await open(files);
  const taken: Delivery[] = [];
  const options = { inFlightMax: 12, leaseMs: 60_000, onDelivery: (delivery: Delivery) => void taken.push(delivery) };
  await broker.log.consume(topic, "readers", { ...options, inFlightMax: 1, from: { kind: "first" } });
  await broker.queue?.consume(queue, options);
  for (let index = 0; index < 25; index++) {
    await broker.queue?.send(queue, [message(`work-${index}`, 150), message(`more-${index}`, 40)]);
    await broker.log.append(topic, [message(`news-${index}`, 90)]);
  }
  await clock.advance(10);
  const failure = { code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00.000Z" };
  for (const [index, delivery] of taken.entries()) {
    if (index % 4 === 0) await delivery.ack();
    else if (index % 4 === 1) await delivery.nack(30_000, failure);
    else if (index % 4 === 2) await delivery.bury(failure);
  }
  await broker.queue?.send(queue, [message("last", 10)]);
  await broker.close();
  return files;
}

let whole: MemoryFiles;
let content: string[];

before(async () => {
  whole = await fill();
  content = await contentAfter(whole.afterKill());
  assert.ok(content.length > 50);
});

function changed(path: string, change: (bytes: Buffer) => Buffer): MemoryFiles {
  const files = whole.afterKill();
  files.put(path, change(files.content(path)));
  return files;
}

/** Refused with its name, or harmless; and after the repair at most so many are missing. */
async function foundOrHarmless(files: MemoryFiles, how: string, missingMax: number): Promise<"found" | "harmless"> {
  const found = await contentAfter(files.afterKill()).catch(
    (error: { code?: string; place?: string; help?: string }) => {
      assert.equal(error.code, "DATA_DAMAGED", `${how}: ${String(error)}`);
      assert.match(error.place ?? "", /^\/broker\//, how);
      assert.match(error.help ?? "", /CANTLE_BROKER_REPAIR=1/, how);
      return undefined;
    },
  );
  if (found !== undefined) {
    assert.deepEqual(found, content, how);
    return "harmless";
  }
  const repaired = files.afterKill();
  const kept = new Set(await contentAfter(repaired, true));
  const missing = content.filter((each) => !kept.has(each));
  assert.ok(missing.length <= missingMax, `${how}: ${missing.length} missing after the repair: ${missing.join(", ")}`);
  // What is repaired is whole.
  assert.deepEqual(new Set(await contentAfter(repaired)), kept, how);
  return "found";
}

test("a flipped bit anywhere is found or harmless, and costs the one record that it is in", async () => {
  const outcomes = { found: 0, harmless: 0 };
  for (const path of whole.paths()) {
    const bits = whole.content(path).length * 8;
    for (let bit = 3; bit < bits; bit += stride(509)) {
      const files = changed(path, (bytes) => {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return bytes;
      });
      outcomes[await foundOrHarmless(files, `bit ${bit} of ${path}`, 1)] += 1;
    }
  }
  assert.ok(outcomes.found > 100, JSON.stringify(outcomes));
});

test("a segment that is cut off anywhere is found, and keeps what is before the cut", async () => {
  for (const path of whole.paths().filter((each) => each.endsWith(".segment"))) {
    const { length } = whole.content(path);
    for (let end = 0; end < length; end += stride(97)) {
      const files = changed(path, (bytes) => bytes.subarray(0, end));
      assert.equal(await foundOrHarmless(files, `${path} cut to ${end}`, Number.POSITIVE_INFINITY), "found");
    }
  }
});

test("a segment that is missing is found, and named", async () => {
  for (const path of whole.paths().filter((each) => each.endsWith(".segment"))) {
    const files = whole.afterKill();
    files.drop(path);
    await assert.rejects(contentAfter(files.afterKill()), { code: "DATA_DAMAGED", place: path });
    assert.equal(await foundOrHarmless(files, `${path} is missing`, 30), "found");
  }
});

test("two segments that are swapped are found, and the repair puts them back", async () => {
  const [, first = "", second = ""] = whole.paths().filter((each) => each.endsWith(".segment"));
  const files = whole.afterKill();
  files.put(first, whole.content(second));
  files.put(second, whole.content(first));
  assert.equal(await foundOrHarmless(files, "swapped", 0), "found");
});

test("a segment of another journal, or of another moment, is found", async () => {
  const other = await fill();
  for (const path of whole.paths().filter((each) => each.endsWith(".segment"))) {
    const foreign = changed(path, () => other.content(path));
    await assert.rejects(contentAfter(foreign), { code: "DATA_DAMAGED" });
  }
});

test("a mark that is missing or empty is found, and nothing is missing after the repair", async () => {
  const path = `${memoryFolder}/mark`;
  const missing = whole.afterKill();
  missing.drop(path);
  assert.equal(await foundOrHarmless(missing, "no mark", 0), "found");
  assert.equal(
    await foundOrHarmless(
      changed(path, () => Buffer.alloc(4_224)),
      "no mark",
      0,
    ),
    "found",
  );
});

test("a refused start changes nothing", async () => {
  const path = whole.paths().find((each) => each.endsWith(".segment")) as string;
  const files = changed(path, (bytes) => {
    bytes[200]! ^= 4;
    return bytes;
  });
  const were = files.paths().map((each) => [each, files.content(each)]);
  await assert.rejects(contentAfter(files), { code: "DATA_DAMAGED" });
  assert.deepEqual(
    files.paths().map((each) => [each, files.content(each)]),
    were,
  );
});

test("a repair keeps the damaged file beside the journal", async () => {
  const path = whole.paths().find((each) => each.endsWith(".segment")) as string;
  const files = changed(path, (bytes) => {
    bytes[200]! ^= 4;
    return bytes;
  });
  const damaged = files.content(path);
  await contentAfter(files, true);
  const aside = files.paths().filter((each) => each.startsWith(`${memoryFolder}/damaged/`));
  assert.equal(aside.length, 1);
  assert.deepEqual(files.content(aside[0] as string), damaged);
});

test("a tail that was being written is cut off anywhere in silence, and costs nothing that was acknowledged", async () => {
  const files = new MemoryFiles();
  const broker = await open(files);
  for (let index = 0; index < 5; index++) await broker.queue?.send(queue, [message(`acknowledged-${index}`, 100)]);
  let torn: MemoryFiles | undefined;
  files.onStep = ({ act }) => {
    // The batch is written; its sync is what comes now.
    if (act === "sync") torn ??= files.afterKill();
  };
  const last = Array.from({ length: 20 }, (_, index) => message(`unheard-of-${index}`, 150));
  await broker.queue?.send(queue, last);
  files.onStep = () => {};
  await broker.close();
  const path = torn?.paths().find((each) => each.endsWith(".segment")) as string;
  const bytes = torn?.content(path) as Buffer;
  const durable = bytes.length - 4_096;
  for (let end = durable; end <= bytes.length; end += stride(5)) {
    const cut = (torn as MemoryFiles).afterKill();
    cut.put(path, bytes.subarray(0, end));
    const found = await contentAfter(cut);
    assert.equal(found.filter((each) => each.startsWith("acknowledged-")).length, 5, `cut to ${end}`);
    const unheard = found.filter((each) => each.startsWith("unheard-of-"));
    assert.deepEqual(
      unheard.map((each) => each.split(" ")[0]),
      last.slice(0, unheard.length).map(({ id }) => id),
    );
  }
});

test("behind a mark that is old, what a later write shows to have been durable is damage; what nothing shows is a torn tail", async () => {
  const files = new MemoryFiles();
  const broker = await open(files);
  await broker.queue?.send(queue, [message("first", 100)]);
  const [mark, segment] = ["mark", "0000000001.segment"].map((name) => `${memoryFolder}/${name}`) as [string, string];
  const old = files.content(mark);
  const from = files.content(segment).length;
  await broker.queue?.send(queue, [message("second", 100)]);
  const between = files.content(segment).length;
  await broker.queue?.send(queue, [message("third", 100)]);
  const left = files.afterKill();
  await broker.close();
  left.put(mark, old);
  const flipped = (at: number) => {
    const state = left.afterKill();
    const bytes = left.content(segment);
    bytes[at]! ^= 1;
    state.put(segment, bytes);
    return state;
  };
  assert.equal((await contentAfter(left.afterKill())).length, 3);
  for (let at = from; at < between; at += stride(3))
    await assert.rejects(contentAfter(flipped(at)), { code: "DATA_DAMAGED" });
  for (let at = between; at < left.content(segment).length; at += stride(3))
    assert.deepEqual((await contentAfter(flipped(at))).length, 2);
});

test("a newer format is refused as such, and is no damage", async () => {
  const newer = changed(`${memoryFolder}/mark`, (bytes) => {
    for (const at of [0, 4_096]) {
      bytes.writeUInt32LE(99, at + 8);
      bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 124)), at + 124);
    }
    return bytes;
  });
  await assert.rejects(contentAfter(newer), { code: "DATA_NEWER" });
  await assert.rejects(contentAfter(newer, true), { code: "DATA_NEWER" });
});
