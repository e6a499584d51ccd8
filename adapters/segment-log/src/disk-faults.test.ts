/** A disk that fails, fills up, or gives no more files: what publishers and consumers hear, and that nothing is promised that is not so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, type VirtualClock, virtualClock } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { failed, MemoryFiles, memoryFolder, type Step } from "./journal/memory-files.ts";

const queue = "shop.work";
const random = seededRandom(5);

interface Opened {
  readonly files: MemoryFiles;
  readonly clock: VirtualClock;
  readonly broker: Broker;
  readonly taken: Delivery[];
}

async function opened(files = new MemoryFiles(), segmentBytes = 100_000): Promise<Opened> {
  const clock = virtualClock();
  const engine = createSegmentLog({ segmentBytes, reserveBytes: 512, handsBytes: 2_000 }, files);
  const broker = await engine.open({ url: `segment-log:${memoryFolder}`, clock, random, log: silentLogger });
  const taken: Delivery[] = [];
  return { files, clock, broker, taken };
}

async function consume({ broker, taken, clock }: Opened, count: number): Promise<void> {
  const onDelivery = (delivery: Delivery) => void taken.push(delivery);
  await broker.queue?.consume(queue, { inFlightMax: 100, leaseMs: 60_000, onDelivery });
  while (taken.length < count) await clock.advance(1);
}

function message(id: string) {
  return { id, source: "shop", time: "2026-01-01T00:00:00.000Z", data: Buffer.from(`"${id}"`) };
}

const send = ({ broker }: Opened, ...ids: string[]) => broker.queue?.send(queue, ids.map(message)) as Promise<void>;
const idsIn = async ({ broker }: Opened) => (await broker.queue?.peek(queue, 100))?.map(({ id }) => id);
const isSegment = ({ path }: Step) => path.endsWith(".segment");

/** The next step like this fails; those after it do not. */
function failOnce(files: MemoryFiles, code: string, isIt: (step: Step) => boolean): { times: number } {
  const count = { times: 0 };
  files.onStep = (step) => {
    if (count.times > 0 || !isIt(step)) return;
    count.times += 1;
    throw failed(code);
  };
  return count;
}

for (const code of ["EIO", "ENOSPC"]) {
  test(`after one ${code} of a sync nothing is acknowledged any more, and nothing is written`, async () => {
    const one = await opened();
    await send(one, "before");
    await consume(one, 1);
    failOnce(one.files, code, (step) => step.act === "sync" && isSegment(step));
    await assert.rejects(send(one, "during"), { code: "BROKER_UNAVAILABLE" });
    const steps: Step[] = [];
    one.files.onStep = (step) => void steps.push(step);
    await assert.rejects(send(one, "after"), { code: "BROKER_UNAVAILABLE" });
    await assert.rejects(one.taken[0]!.ack(), { code: "BROKER_UNAVAILABLE" });
    await assert.rejects(one.broker.check(), { code: "BROKER_UNAVAILABLE" });
    await one.clock.advance(60_000);
    assert.deepEqual(
      steps.filter((step) => isSegment(step) || step.path.endsWith("mark")),
      [],
    );
    await one.broker.close();
    const again = await opened(one.files);
    assert.equal((await idsIn(again))?.includes("before"), true);
    await send(again, "later");
    await again.broker.close();
  });
}

test("what a failed sync left behind is not believed: it is written again before anything follows it", async () => {
  const one = await opened();
  await send(one, "before");
  failOnce(one.files, "EIO", (step) => step.act === "sync" && isSegment(step));
  await assert.rejects(send(one, "doubtful"), { code: "BROKER_UNAVAILABLE" });
  await one.broker.close();
  const again = await opened(one.files);
  // It may be there, since nobody was told that it is not; but then it is durable.
  assert.deepEqual(await idsIn(again), ["before", "doubtful"]);
  const cut = await opened(one.files.afterPowerCut({ next: () => 0, hex: random.hex }));
  assert.deepEqual(await idsIn(cut), ["before", "doubtful"]);
  await cut.broker.close();
  await again.broker.close();
});

test("a write that fails is no acknowledgement either", async () => {
  const one = await opened();
  failOnce(one.files, "EIO", (step) => step.act === "write" && isSegment(step));
  await assert.rejects(send(one, "a"), { code: "BROKER_UNAVAILABLE" });
  await assert.rejects(send(one, "b"), { code: "BROKER_UNAVAILABLE" });
  await one.broker.close();
});

test("a full disk refuses publishers, consumers go on with the reserve, and it recovers by itself", async () => {
  const one = await opened();
  await send(one, "a", "b", "c");
  await consume(one, 3);
  const isFull = { now: true };
  one.files.onStep = (step) => {
    const isReserve = step.path.endsWith("reserve");
    const hasRoom = !isFull.now || (isSegment(step) && !one.files.paths().some((path) => path.endsWith("reserve")));
    if (step.act === "write" && (isReserve || isSegment(step)) && !hasRoom) throw failed("ENOSPC");
  };
  await assert.rejects(send(one, "d"), { code: "BROKER_FULL" });
  await assert.rejects(one.broker.check(), { code: "BROKER_FULL" });
  await one.taken[0]!.ack();
  await one.taken[1]!.ack();
  await assert.rejects(send(one, "e"), { code: "BROKER_FULL" });
  isFull.now = false;
  await one.clock.advance(1_100);
  await one.broker.check();
  await send(one, "d", "e");
  await one.broker.close();
  const again = await opened(one.files);
  assert.deepEqual(await idsIn(again), ["c", "d", "e"]);
  await again.broker.close();
});

test("without any room acks wait, are not lost, and are resolved when there is some", async () => {
  const one = await opened();
  await send(one, "a", "b");
  await consume(one, 2);
  one.files.onStep = (step) => {
    if (step.act === "write") throw failed("ENOSPC");
  };
  await assert.rejects(send(one, "c"), { code: "BROKER_FULL" });
  let acked = 0;
  const acks = one.taken.map(async (delivery) => {
    await delivery.ack();
    acked += 1;
  });
  await one.clock.advance(5_000);
  assert.equal(acked, 0);
  one.files.onStep = () => {};
  await one.clock.advance(1_100);
  await Promise.all(acks);
  await one.broker.close();
  const again = await opened(one.files);
  assert.deepEqual(await idsIn(again), []);
  await again.broker.close();
});

test("an id that was refused may be published again", async () => {
  const one = await opened();
  failOnce(one.files, "ENOSPC", (step) => step.act === "write" && isSegment(step));
  await assert.rejects(send(one, "a"), { code: "BROKER_FULL" });
  await one.clock.advance(1_100);
  await send(one, "a");
  assert.deepEqual(await idsIn(one), ["a"]);
  await one.broker.close();
});

test("where no new segment can be begun, the old one goes on", async () => {
  const one = await opened(new MemoryFiles(), 1_000);
  let refused = 0;
  one.files.onStep = ({ act, path }) => {
    if (act !== "open" || !path.endsWith(".new")) return;
    refused += 1;
    throw failed("EMFILE");
  };
  for (let index = 0; index < 20; index++) await send(one, `a-${index}`);
  assert.ok(refused > 0);
  one.files.onStep = () => {};
  await one.clock.advance(1_100);
  await send(one, "b");
  assert.equal(one.files.paths().filter((path) => path.endsWith(".segment")).length, 2);
  await one.broker.close();
  const again = await opened(one.files);
  assert.equal((await idsIn(again))?.length, 21);
  await again.broker.close();
});

test("a disk that is full at the start lets the broker start, and what it has be taken", async () => {
  const one = await opened();
  await send(one, "in-hand", "waiting");
  const onDelivery = (delivery: Delivery) => void one.taken.push(delivery);
  await one.broker.queue?.consume(queue, { inFlightMax: 1, leaseMs: 60_000, onDelivery });
  while (one.taken.length < 1) await one.clock.advance(1);
  const left = one.files.afterKill();
  await one.broker.close();
  left.drop(`${memoryFolder}/reserve`);
  left.onStep = ({ act }) => {
    if (act === "write") throw failed("ENOSPC");
  };
  const again = await opened(left);
  await consume(again, 1);
  assert.equal(again.taken[0]?.message.id, "waiting");
  // Still nothing could be written; the next start counts what was in hand all the same.
  const later = await opened(left.afterKill());
  await later.clock.advance(60_000);
  await consume(later, 2);
  assert.deepEqual(later.taken.map(({ message: { id }, attempt }) => [id, attempt]).sort(), [
    ["in-hand", 2],
    ["waiting", 2],
  ]);
  await later.broker.close();
  await again.broker.close();
});

test("what is to be written again at the start may take the reserve for it", async () => {
  const one = await opened();
  await send(one, "a");
  let torn: MemoryFiles | undefined;
  one.files.onStep = (step) => {
    if (step.act === "sync" && isSegment(step)) torn ??= one.files.afterKill();
  };
  await send(one, "b");
  one.files.onStep = () => {};
  await one.broker.close();
  const files = torn as MemoryFiles;
  files.onStep = ({ act }) => {
    const isThere = files.paths().some((path) => path.endsWith("reserve"));
    if (act === "write" && isThere) throw failed("ENOSPC");
  };
  const again = await opened(files);
  assert.deepEqual(await idsIn(again), ["a", "b"]);
  await again.broker.close();
});

test("a folder has one owner", async () => {
  const files = new MemoryFiles();
  const one = await opened(files);
  await assert.rejects(opened(files), { code: "ALREADY_RUNNING" });
  await one.broker.close();
  const two = await opened(files);
  await two.broker.close();
});
