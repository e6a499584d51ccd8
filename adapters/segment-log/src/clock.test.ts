/** Wall clocks that jump, while the broker runs and while it does not: nothing comes early twice, and nothing is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, seededRandom, type VirtualClock, virtualClock } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { MemoryFiles, memoryFolder } from "./journal/memory-files.ts";

const queue = "shop.work";
const hourMs = 3_600_000;
const failure = { code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00.000Z" };

/** A clock whose wall can be set. */
function settable(): { clock: Clock; virtual: VirtualClock; set: (byMs: number) => void } {
  const virtual = virtualClock();
  let offMs = 0;
  return {
    virtual,
    clock: { ...virtual, wallMs: () => virtual.wallMs() + offMs },
    set: (byMs) => {
      offMs += byMs;
    },
  };
}

interface Opened {
  readonly broker: Broker;
  readonly taken: Delivery[];
}

async function open(files: MemoryFiles, clock: Clock, acks = false): Promise<Opened> {
  const url = `segment-log:${memoryFolder}`;
  const engine = createSegmentLog({ reserveBytes: 0, handsBytes: 2_000 }, files);
  const broker = await engine.open({ url, clock, random: seededRandom(1), log: silentLogger });
  const taken: Delivery[] = [];
  const onDelivery = (delivery: Delivery) => {
    taken.push(delivery);
    if (acks) void delivery.ack();
  };
  await broker.queue?.consume(queue, { inFlightMax: 10, leaseMs: 30_000, onDelivery });
  return { broker, taken };
}

function message(id: string, clock: Clock, delayMs?: number) {
  const notBefore = delayMs === undefined ? {} : { notBefore: new Date(clock.wallMs() + delayMs).toISOString() };
  return { id, source: "shop", time: "2026-01-01T00:00:00.000Z", data: Buffer.from("1"), ...notBefore };
}

const idsOf = (taken: readonly Delivery[]) => taken.map(({ message: { id } }) => id);

test("delays and leases that run go by, whatever the wall clock does", async () => {
  const { clock, virtual, set } = settable();
  const { broker, taken } = await open(new MemoryFiles(), clock);
  await broker.queue?.send(queue, [message("now", clock), message("later", clock, 10_000)]);
  await virtual.advance(1);
  await taken[0]!.nack(5_000, failure);
  set(-hourMs);
  await virtual.advance(4_900);
  assert.deepEqual(idsOf(taken), ["now"]);
  await virtual.advance(200);
  assert.deepEqual(idsOf(taken), ["now", "now"]);
  set(2 * hourMs);
  await virtual.advance(4_000);
  assert.deepEqual(idsOf(taken), ["now", "now"]);
  await virtual.advance(1_000);
  assert.deepEqual(idsOf(taken), ["now", "now", "later"]);
  // The second delivery of the first one is 30 s old: its lease is over, the other's is not.
  await virtual.advance(25_100);
  assert.deepEqual(idsOf(taken), ["now", "now", "later", "now"]);
  await broker.close();
});

test("a restart with a clock that was set back an hour is early with nothing, and loses nothing", async () => {
  const { clock, virtual, set } = settable();
  const files = new MemoryFiles();
  const first = await open(files, clock);
  await first.broker.queue?.send(queue, [message("a", clock), message("b", clock), message("later", clock, 60_000)]);
  await virtual.advance(1);
  await first.taken[0]!.nack(20_000, failure);
  const killed = files.afterKill();
  await first.broker.close();
  set(-hourMs);
  const { broker, taken } = await open(killed, clock, true);
  // In hand when it was killed: nobody waits for longer than the lease, though it ended an hour from now.
  await virtual.advance(29_000);
  assert.deepEqual(idsOf(taken), []);
  await virtual.advance(2_000);
  assert.deepEqual(idsOf(taken), ["b"]);
  assert.deepEqual([taken[0]?.attempt, taken[0]?.failures[0]?.code], [2, "CONSUMER_GONE"]);
  for (let minute = 0; minute < 62; minute++) await virtual.advance(60_000);
  assert.deepEqual(idsOf(taken), ["b", "a", "later"]);
  const facts = (await broker.queue?.queues())?.[0];
  assert.deepEqual([facts?.waiting, facts?.delayed], [0, 0]);
  await broker.close();
});

test("a restart with a clock that was set forward gives what is due then, once", async () => {
  const { clock, virtual, set } = settable();
  const files = new MemoryFiles();
  const first = await open(files, clock);
  await first.broker.queue?.send(queue, [message("later", clock, 60_000)]);
  await first.broker.close();
  set(hourMs);
  const { broker, taken } = await open(files, clock);
  while (taken.length === 0) await virtual.advance(1);
  assert.deepEqual(idsOf(taken), ["later"]);
  await taken[0]!.ack();
  set(-hourMs);
  await virtual.advance(120_000);
  assert.deepEqual(idsOf(taken), ["later"]);
  await broker.close();
});
