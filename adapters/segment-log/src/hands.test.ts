import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { Hands, type InHand } from "./hands.ts";
import { failed, MemoryFiles } from "./journal/memory-files.ts";

const clock = virtualClock();

async function open(files: MemoryFiles, all: () => readonly InHand[] = () => []) {
  const { hands, left } = await Hands.open({
    files,
    folder: "/h",
    clock,
    log: silentLogger,
    fileBytes: 1_000,
    sequence: () => 1,
    all,
  });
  return { hands, left: left.map(({ source, number, attempt }) => [source, number, attempt]) };
}

const row = (number: number, attempt: number): InHand => ({ source: 3, number, attempt, leaseMs: 1_000 });

test("what was given and not given back is left when a process was killed", async () => {
  const files = new MemoryFiles();
  const { hands } = await open(files);
  hands.begin();
  hands.note([row(1, 1), row(2, 5)]);
  hands.note([row(1, 0), row(7, 2)]);
  assert.deepEqual((await open(files.afterKill())).left, [
    [3, 2, 5],
    [3, 7, 2],
  ]);
});

test("a lease ends when it would have ended", async () => {
  const files = new MemoryFiles();
  const { hands } = await open(files);
  hands.begin();
  hands.note([row(1, 1)]);
  const { left } = await Hands.open({
    files,
    folder: "/h",
    clock,
    log: silentLogger,
    fileBytes: 1_000,
    sequence: () => 1,
    all: () => [],
  });
  assert.equal(left[0]?.leaseEndMs, clock.wallMs() + 1_000);
});

test("a file that is full is followed by one that begins with everything in hand", async () => {
  const files = new MemoryFiles();
  const inHand = new Map<number, InHand>();
  const { hands } = await open(files, () => [...inHand.values()]);
  hands.begin();
  for (let number = 1; number < 300; number++) {
    inHand.set(number, row(number, 1));
    hands.note([row(number, 1)]);
    if (number <= 3) continue;
    inHand.delete(number - 3);
    hands.note([row(number - 3, 0)]);
  }
  const { left } = await open(files.afterKill());
  assert.deepEqual(left.map(([, number]) => number).sort(), [297, 298, 299]);
});

test("a bit that flips costs what comes after it in that file, and no start", async () => {
  const files = new MemoryFiles();
  const { hands } = await open(files);
  hands.begin();
  hands.note([row(1, 1)]);
  hands.note([row(2, 1)]);
  const path = files.paths().find((each) => files.content(each).includes(Buffer.from([1, 0, 0, 0])))!;
  for (let at = 0; at < 200; at++) {
    const flipped = files.afterKill();
    const bytes = files.content(path);
    bytes[at]! ^= 16;
    flipped.put(path, bytes);
    const { left } = await open(flipped);
    for (const [, number] of left) assert.ok(number === 1 || number === 2);
  }
});

test("where it cannot be written, deliveries go on, and all is written when it can", async () => {
  const files = new MemoryFiles();
  const inHand: InHand[] = [];
  const { hands } = await open(files, () => inHand);
  hands.begin();
  files.onStep = ({ act }) => {
    if (act === "writeNow") throw failed("ENOSPC");
  };
  inHand.push(row(1, 1));
  hands.note([row(1, 1)]);
  files.onStep = () => {};
  inHand.push(row(2, 1));
  hands.note([row(2, 1)]);
  assert.equal((await open(files.afterKill())).left.length, 2);
});
