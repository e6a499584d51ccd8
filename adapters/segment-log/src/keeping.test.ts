/** What is kept and for how long: over restarts, over cleaning, up to the limits. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Message } from "@cantle/contract";
import { seededRandom, type VirtualClock, virtualClock } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { MemoryFiles, memoryFolder } from "./journal/memory-files.ts";
import type { SegmentLogLimits } from "./limits.ts";

const [queue, topic] = ["shop.work", "shop.news"];
const failure = { code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00.000Z" };
const small = { segmentBytes: 2_000, reserveBytes: 0, handsBytes: 2_000 };

/** A broker that can be closed and opened again, or killed. */
class Bench {
  readonly clock: VirtualClock = virtualClock();
  files = new MemoryFiles();
  broker!: Broker;
  readonly #limits: Partial<SegmentLogLimits>;

  constructor(limits: Partial<SegmentLogLimits>) {
    this.#limits = { ...small, ...limits };
  }

  static async open(t: TestContext, limits: Partial<SegmentLogLimits> = {}): Promise<Bench> {
    const bench = new Bench(limits);
    await bench.start();
    t.after(() => bench.broker.close());
    return bench;
  }

  async start(): Promise<void> {
    const url = `segment-log:${memoryFolder}`;
    const engine = createSegmentLog(this.#limits, this.files);
    this.broker = await engine.open({ url, clock: this.clock, random: seededRandom(1), log: silentLogger });
  }

  async kill(): Promise<void> {
    const { broker } = this;
    this.files = this.files.afterKill();
    await broker.close();
    await this.start();
  }

  /** Publishes, one batch each, until the journal has gone round. */
  async churn(rounds = 40): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await this.broker.queue?.send("other.work", [message(`churn-${round}-${this.clock.nowMs()}`, 400)]);
      await this.broker.queue?.purge("other.work");
      await this.clock.advance(5_000);
    }
  }

  async take(count: number, options: { inFlightMax?: number; group?: string } = {}): Promise<Delivery[]> {
    const { inFlightMax = count, group } = options;
    const taken: Delivery[] = [];
    const onDelivery = (delivery: Delivery) => void taken.push(delivery);
    const consuming = { inFlightMax, leaseMs: 400_000, onDelivery };
    const consumption =
      group === undefined
        ? await this.broker.queue?.consume(queue, consuming)
        : await this.broker.log.consume(topic, group, { ...consuming, from: { kind: "first" } });
    while (taken.length < count) await this.clock.advance(1);
    // What is given back from now on is for whoever comes next.
    await consumption?.pause();
    return taken;
  }

  oldestSegment(): string {
    return this.files.paths().find((path) => path.endsWith(".segment")) as string;
  }
}

function message(id: string, bytes = 10, more: Partial<Message> = {}): Message {
  return { id, source: "shop", time: "2026-01-01T00:00:00.000Z", data: Buffer.alloc(bytes, 0x61), ...more };
}

const idsOf = (all: readonly { readonly message: Message }[]) => all.map(({ message: { id } }) => id);
const readIds = async ({ broker }: Bench) =>
  (await broker.log.read(topic, { from: { kind: "first" }, max: 1_000 })).map(({ id }) => id);

test("a group that finished some out of order gets only the others after a crash", async (t) => {
  const bench = await Bench.open(t);
  await bench.broker.log.append(
    topic,
    ["a", "b", "c", "d", "e"].map((id) => message(id)),
  );
  const taken = await bench.take(5, { group: "readers" });
  for (const index of [0, 2, 4]) await taken[index]!.ack();
  for (const index of [1, 3]) await taken[index]!.release();
  await bench.kill();
  assert.deepEqual(idsOf(await bench.take(2, { group: "readers" })), ["b", "d"]);
});

test("everything that lives survives that all its segments are given up", async (t) => {
  const bench = await Bench.open(t);
  const { broker } = bench;
  await broker.log.append(
    topic,
    ["x", "y", "z"].map((id) => message(id, 10, { key: id })),
  );
  const read = await bench.take(3, { group: "readers" });
  await read[1]!.ack();
  await broker.queue?.send(
    queue,
    ["failed", "buried", "redriven", "waiting"].map((id) => message(id)),
  );
  const [failed, buried, redriven] = await bench.take(3);
  await failed!.nack(500_000, failure);
  await buried!.bury(failure);
  await redriven!.bury(failure);
  const source = { kind: "queue", name: queue } as const;
  const letters = await broker.deadLetters.read(source, { max: 10 });
  await bench.broker.deadLetters.redrive(source, letters[1]!.id);
  const before = bench.oldestSegment();
  await bench.churn();
  assert.ok(bench.oldestSegment() > before, "the segments went");
  await bench.kill();
  assert.deepEqual(await readIds(bench), ["x", "y", "z"]);
  const letter = (await bench.broker.deadLetters.read(source, { max: 10 }))[0];
  assert.deepEqual([letter?.message.id, letter?.failures], ["buried", [failure]]);
  const taken = await bench.take(2, { inFlightMax: 2 });
  assert.deepEqual(new Set(idsOf(taken)), new Set(["redriven", "waiting"]));
  await Promise.all(taken.map((delivery) => delivery.ack()));
  await bench.clock.advance(500_001);
  const [again] = await bench.take(1);
  assert.deepEqual([again?.message.id, again?.attempt, again?.failures], ["failed", 2, [failure]]);
  // Of the topic two were in hand when it was killed.
  const rest = await bench.take(2, { group: "readers" });
  assert.deepEqual([idsOf(rest), rest[0]?.attempt], [["x", "z"], 2]);
});

test("a large message is what it was, from memory and from disk", async (t) => {
  const bench = await Bench.open(t, { segmentBytes: 100_000, recentBytesMax: 0 });
  const data = Buffer.alloc(1024 * 1024, "0123456789abc");
  await bench.broker.queue?.send(queue, [message("before"), message("large", 0, { data }), message("after")]);
  const read = async () => (await bench.broker.queue?.peek(queue, 10))?.[1]?.data as Uint8Array;
  assert.ok(data.equals(await read()));
  await bench.churn(5);
  await bench.kill();
  assert.ok(data.equals(await read()));
  const [, taken] = await bench.take(3);
  assert.ok(data.equals(taken!.message.data));
});

test("what rots while it runs is never given, never copied as if it were whole, and said by readiness", async (t) => {
  const bench = await Bench.open(t, { recentBytesMax: 0 });
  await bench.broker.queue?.send(queue, [message("rots", 300), message("stays", 300)]);
  await bench.kill();
  const path = bench.oldestSegment();
  const bytes = bench.files.content(path);
  bytes[bytes.indexOf("aaaaaaaaaa") + 100]! ^= 1;
  bench.files.rot(path, bytes);
  const [taken] = await bench.take(1);
  assert.equal(taken?.message.id, "stays");
  await assert.rejects(bench.broker.check(), { code: "DATA_DAMAGED" });
  await bench.churn();
  await bench.broker.close();
  await assert.rejects(bench.start(), { code: "DATA_DAMAGED" });
});

test("the journal stays small when everything in it is finished", async (t) => {
  const bench = await Bench.open(t);
  await bench.churn(100);
  const bytes = bench.files.paths().reduce((sum, path) => sum + bench.files.content(path).length, 0);
  assert.ok(bytes < 30_000, `${bytes} bytes`);
});

test("a topic forgets what is too old, read or not", async (t) => {
  const bench = await Bench.open(t, { retentionMs: 60_000 });
  await bench.broker.log.append(topic, [message("old")]);
  const [taken] = await bench.take(1, { group: "readers" });
  await taken!.nack(200_000, failure);
  await bench.clock.advance(50_000);
  await bench.broker.log.append(topic, [message("new")]);
  await bench.clock.advance(20_000);
  assert.deepEqual(await readIds(bench), ["new"]);
  await bench.kill();
  assert.deepEqual(await readIds(bench), ["new"]);
  assert.deepEqual(idsOf(await bench.take(1, { group: "late" })), ["new"]);
  const [facts] = await bench.broker.log.topics();
  assert.deepEqual(
    facts?.groups.map(({ group, lag }) => [group, lag]),
    [
      ["readers", 1],
      ["late", 1],
    ],
  );
});

test("all topics together keep so much, and the oldest go first", async (t) => {
  const bench = await Bench.open(t, { retentionBytes: 4_000 });
  for (let index = 0; index < 10; index++) {
    await bench.broker.log.append("shop.other", [message(`other-${index}`, 500)]);
    await bench.broker.log.append(topic, [message(`news-${index}`, 500)]);
    await bench.clock.advance(2_000);
  }
  await bench.clock.advance(10_000);
  const facts = await bench.broker.log.topics();
  assert.ok(facts.reduce((sum, { bytes }) => sum + bytes, 0) <= 4_000);
  assert.deepEqual(
    facts.map(({ messages }) => messages),
    [3, 3],
  );
  assert.deepEqual(await readIds(bench), ["news-7", "news-8", "news-9"]);
});

test("a group that was sent elsewhere is there after a crash", async (t) => {
  const bench = await Bench.open(t);
  await bench.broker.log.append(
    topic,
    ["a", "b", "c"].map((id) => message(id)),
  );
  for (const delivery of await bench.take(3, { group: "readers" })) await delivery.ack();
  await bench.broker.log.seek(topic, "readers", { kind: "first" });
  await bench.kill();
  const again = await bench.take(3, { group: "readers" });
  assert.deepEqual([idsOf(again), again[0]?.attempt], [["a", "b", "c"], 1]);
});

test("a forgotten group is new when it comes back, but its dead letters were kept", async (t) => {
  const bench = await Bench.open(t);
  await bench.broker.log.append(topic, [message("a"), message("b")]);
  const taken = await bench.take(2, { group: "readers" });
  await taken[0]!.bury(failure);
  await bench.broker.log.forget(topic, "readers");
  await bench.churn();
  await bench.kill();
  assert.deepEqual((await bench.broker.log.topics())[0]?.groups, []);
  const source = { kind: "topic", name: topic, group: "readers" } as const;
  const [letter] = await bench.broker.deadLetters.read(source, { max: 10 });
  assert.equal(letter?.message.id, "a");
  assert.equal(await bench.broker.deadLetters.redrive(source, letter!.id), true);
  assert.deepEqual(idsOf(await bench.take(1, { group: "readers" })), ["a"]);
});

test("many queues share one journal, and are all there after a crash", async (t) => {
  const bench = await Bench.open(t, { segmentBytes: 200_000 });
  const names = Array.from({ length: 1_000 }, (_, index) => `shop.queue-${index}`);
  await Promise.all(names.map((name) => bench.broker.queue?.send(name, [message("a")])));
  await bench.kill();
  const facts = await bench.broker.queue?.queues();
  assert.equal(facts?.length, 1_000);
  assert.ok(facts?.every(({ waiting }) => waiting === 1));
});

test("limits are said by name, and what was there before goes on", async (t) => {
  const bench = await Bench.open(t, { channelsMax: 2, messagesMax: 3, pendingBytesMax: 2_000 });
  const { broker } = bench;
  await broker.queue?.send(queue, [message("a")]);
  await broker.log.append(topic, [message("b")]);
  const notes = async (promise: Promise<unknown> | undefined) => {
    const error = (await promise?.catch((thrown: unknown) => thrown)) as { code: string; notes: string };
    assert.equal(error.code, "BROKER_FULL");
    return error.notes.split(" ")[0];
  };
  assert.equal(await notes(broker.queue?.send("shop.third", [message("c")])), "channelsMax");
  assert.equal(await notes(broker.queue?.send(queue, [message("c"), message("d")])), "messagesMax");
  const large = broker.queue?.send(queue, [message("large", 3_000)]);
  assert.equal(await notes(broker.queue?.send(queue, [message("e")])), "pendingBytesMax");
  await large;
  assert.equal((await broker.queue?.peek(queue, 10))?.length, 2);
});
