import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock, virtualClock } from "@cantle/core";
import { message, messages, queueSource, readTopic, until } from "./conformance/subject.ts";
import { brokerConformance } from "./conformance.ts";
import { openMemoryBroker } from "./memory.ts";

brokerConformance("memory", async (t) => {
  const clock = virtualClock();
  const broker = openMemoryBroker({ clock });
  t.after(() => broker.close());
  return { broker, clock, advance: (ms) => clock.advance(ms) };
});

describe("a broker in memory that is full", () => {
  test("refuses publishers, keeps what somebody waits for, and takes more when that is handled", async (t) => {
    const clock = virtualClock();
    const broker = openMemoryBroker({ clock }, { bytesMax: 10_000 });
    t.after(() => broker.close());
    const opened = { broker, clock, advance: (ms: number) => clock.advance(ms) };
    const hands = await readTopic(opened, { topic: "shop.sold", group: "readers", options: { inFlightMax: 1 } });
    const filling = broker.log.append("shop.sold", messages("a", 100));
    await assert.rejects(filling, { code: "BROKER_FULL" });
    const kept = (await broker.log.read("shop.sold", { from: { kind: "first" }, max: 1_000 })).length;
    assert.ok(kept > 0 && kept < 100);
    for (let left = kept; left > 0; left--) await (await hands.next()).ack();
    await until(opened, "no lag", async () => (await broker.log.topics())[0]?.groups[0]?.lag === 0);
    await broker.log.append("shop.sold", [message("b")]);
    assert.equal((await hands.next()).message.id, "b");
    assert.ok((await broker.log.read("shop.sold", { from: { kind: "first" }, max: 1_000 })).length < kept);
  });
});

test("a broker in memory works on the machine's clock", async (t) => {
  const broker = openMemoryBroker({ clock: systemClock });
  t.after(() => broker.close());
  const hands = await readTopic({ broker, clock: systemClock }, { topic: "shop.sold", group: "readers" });
  await broker.log.append("shop.sold", [message("a")]);
  await (await hands.next()).nack(1, { code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00Z" });
  assert.equal((await hands.next()).attempt, 2);
});

test("a broker in memory loses nothing and gives nothing twice or early when the wall clock goes back an hour", async (t) => {
  const clock = virtualClock();
  let skewMs = 0;
  const wall = { ...clock, wallMs: () => clock.wallMs() + skewMs };
  const broker = openMemoryBroker({ clock: wall });
  t.after(() => broker.close());
  const opened = { broker, clock: wall, advance: (ms: number) => clock.advance(ms) };
  const source = queueSource(opened, "shop.work");
  const hands = await source.consume({ leaseMs: 60_000 });
  const notBefore = new Date(wall.wallMs() + 600_000).toISOString();
  await source.publish(message("later", { notBefore }), message("held"));
  await clock.advance(1);
  skewMs = -3_600_000;
  await clock.advance(59_998);
  assert.deepEqual(hands.ids, ["held"]);
  await clock.advance(1_000);
  assert.deepEqual(hands.ids, ["held", "held"]);
  await hands.taken[1]!.ack();
  await clock.advance(539_000);
  assert.deepEqual(hands.ids, ["held", "held"]);
  await clock.advance(1);
  await (await hands.take(3))[2]?.ack();
  await clock.advance(7_200_000);
  assert.deepEqual(hands.ids, ["held", "held", "later"]);
});
