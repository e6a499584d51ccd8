/** A broker over the wire is a broker: the whole suite, and what only a connection can do. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { systemClock as clock, type Peer, systemRandom } from "@cantle/core";
import { silentLogger as log } from "@cantle/telemetry";
import type { Broker } from "../broker.ts";
import { message, messages, queueSource, readTopic, until } from "../conformance/subject.ts";
import { brokerConformance } from "../conformance.ts";
import { openMemoryBroker } from "../memory.ts";
import { connectAs, serveBroker } from "./fixture.ts";
import { openRemoteBroker } from "./remote-broker.ts";

const random = systemRandom();

async function opened(t: TestContext) {
  const engine = openMemoryBroker({ clock });
  t.after(() => engine.close());
  const fixture = await serveBroker(t, engine);
  const broker = await openRemoteBroker({ client: connectAs(t, fixture.address), clock, random, log });
  t.after(() => broker.close());
  return { engine, fixture, broker, clock };
}

brokerConformance("over the wire", opened);

describe("over the wire, a connection that breaks", () => {
  test("loses what was in hand, which comes again and counts, and the consumer joins again by itself", async (t) => {
    const { engine, fixture, broker } = await opened(t);
    const hands = await readTopic({ broker, clock }, { topic: "shop.sold", group: "readers" });
    await broker.log.append("shop.sold", messages("a", 2));
    const [first, second] = await hands.take(2);
    await first!.ack();
    await fixture.stop();
    await until({ broker, clock }, "the consumer to notice", () =>
      second!.extend().then(
        () => false,
        () => true,
      ),
    );
    await assert.rejects(second!.ack(), { code: "DELIVERY_LOST" });
    await assert.rejects(broker.log.append("shop.sold", [message("b")]), { code: "BROKER_UNAVAILABLE" });
    await assert.rejects(broker.check(), { code: "BROKER_UNAVAILABLE" });
    await serveBroker(t, engine, { address: fixture.address });
    const again = await hands.next();
    assert.deepEqual([again.message.id, again.attempt, again.failures.at(-1)?.code], ["a-1", 2, "CONSUMER_GONE"]);
    await again.ack();
    await broker.log.append("shop.sold", [message("c")]);
    await hands.next();
    assert.deepEqual(hands.ids, ["a-0", "a-1", "a-1", "c"]);
  });

  test("gives back what was in hand uncounted when the broker says goodbye", async (t) => {
    const { engine, fixture, broker } = await opened(t);
    const hands = await readTopic({ broker, clock }, { topic: "shop.sold", group: "readers" });
    await broker.log.append("shop.sold", [message("a")]);
    await hands.next();
    await fixture.served.close();
    await fixture.stop();
    await serveBroker(t, engine, { address: fixture.address });
    assert.equal((await hands.next()).attempt, 1);
  });

  test("cannot be joined where there is none", async (t) => {
    const { fixture, broker } = await opened(t);
    await fixture.stop();
    await assert.rejects(readTopic({ broker, clock }, { topic: "shop.sold", group: "readers" }), {
      code: "BROKER_UNAVAILABLE",
    });
    await assert.rejects(openRemoteBroker({ client: connectAs(t, fixture.address), clock, random, log }), {
      code: "BROKER_UNAVAILABLE",
    });
  });
});

describe("over the wire, publishing at once", () => {
  test("keeps the order of each channel, and tells each publisher what became of its own", async (t) => {
    const { broker } = await opened(t);
    const sent = messages("a", 500);
    const wrong = broker.log.append("shop.sold", [message("not an id")]);
    const sending = Promise.all(sent.map((each) => broker.log.append("shop.sold", [each])));
    await assert.rejects(wrong, { code: "MESSAGE_INVALID" });
    await sending;
    const hands = await readTopic({ broker, clock }, { topic: "shop.sold", group: "readers" });
    assert.deepEqual(
      (await hands.take(100)).map((delivery) => delivery.message.id),
      sent.slice(0, 100).map(({ id }) => id),
    );
  });

  test("sends what is larger than a call in several", async (t) => {
    const { broker } = await opened(t);
    const large = messages("a", 5, { data: new Uint8Array(700_000) });
    await broker.queue!.send("shop.work", large);
    const hands = await queueSource({ broker, clock }, "shop.work").consume();
    assert.deepEqual(
      (await hands.take(5)).map(({ message }) => message.data.byteLength),
      Array(5).fill(700_000),
    );
  });
});

describe("over the wire, large messages", () => {
  test("of 10 MiB go through every way, and are read page by page", async (t) => {
    const engine = openMemoryBroker({ clock, messageBytesMax: 32 * 1024 * 1024 });
    t.after(() => engine.close());
    const { address } = await serveBroker(t, engine);
    const broker = await openRemoteBroker({ client: connectAs(t, address), clock, random, log });
    t.after(() => broker.close());
    const { messageBytesMax } = broker.facts;
    assert.equal(messageBytesMax, 10 * 1024 * 1024);
    const large = messages("a", 3, { data: new Uint8Array(messageBytesMax).fill(0x30) });
    await broker.log.append("shop.sold", large);
    const over = message("over", { data: new Uint8Array(messageBytesMax + 1) });
    await assert.rejects(broker.log.append("shop.sold", [over]), { code: "MESSAGE_TOO_LARGE" });
    const read = await broker.log.read("shop.sold", { from: { kind: "first" }, max: 10 });
    assert.deepEqual(
      read.map(({ id, data }) => [id, data.byteLength]),
      large.map(({ id, data }) => [id, data.byteLength]),
    );
    assert.equal((await broker.log.read("shop.sold", { from: { kind: "first" }, max: 2 })).length, 2);
    const hands = await readTopic({ broker, clock }, { topic: "shop.sold", group: "readers" });
    for (const delivery of await hands.take(3))
      await delivery.bury({ code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00Z" });
    const letters = await broker.deadLetters.read({ kind: "topic", name: "shop.sold", group: "readers" }, { max: 10 });
    assert.deepEqual(
      letters.map(({ message }) => message.id),
      ["a-0", "a-1", "a-2"],
    );
  });
});

describe("over the wire, a service", () => {
  const peers: readonly Peer[] = [
    { service: "shop", uses: new Set(["broker"]) },
    { service: "mail", uses: new Set(["broker", "shop"]) },
    { service: "spy", uses: new Set(["broker"]) },
  ];

  async function brokerOf(t: TestContext, engine: Broker, service: string) {
    const fixture = await serveBroker(t, engine, { peers });
    const broker = await openRemoteBroker({ client: connectAs(t, fixture.address, service), clock, random, log });
    t.after(() => broker.close());
    return broker;
  }

  const consuming = { inFlightMax: 1, leaseMs: 60_000, onDelivery: () => {} };
  const from = { kind: "first" } as const;
  const letters = { kind: "topic", name: "shop.sold" } as const;

  test("may do what its contract and its uses say", async (t) => {
    const engine = openMemoryBroker({ clock });
    t.after(() => engine.close());
    const [shop, mail] = [await brokerOf(t, engine, "shop"), await brokerOf(t, engine, "mail")];
    await shop.log.append("shop.sold", [message("a")]);
    await shop.queue!.send("shop.work", [message("a")]);
    await mail.queue!.send("shop.work", [message("b")]);
    await mail.log.consume("shop.sold", "mail", { ...consuming, from });
    await mail.log.read("shop.sold", { from, max: 1 });
    await mail.log.seek("shop.sold", "mail", from);
    await shop.queue!.consume("shop.work", consuming);
    await mail.deadLetters.read({ ...letters, group: "mail" }, { max: 1 });
  });

  test("may do nothing else", async (t) => {
    const engine = openMemoryBroker({ clock });
    t.after(() => engine.close());
    const [mail, spy] = [await brokerOf(t, engine, "mail"), await brokerOf(t, engine, "spy")];
    const refused: readonly (() => Promise<unknown>)[] = [
      () => mail.log.append("shop.sold", [message("forged")]),
      () => mail.log.consume("shop.sold", "shop", { ...consuming, from }),
      () => mail.queue!.consume("shop.work", consuming),
      () => mail.queue!.peek("shop.work", 1),
      () => mail.queue!.purge("shop.work"),
      () => mail.log.topics(),
      () => mail.queue!.queues(),
      () => mail.deadLetters.sources(),
      () => mail.deadLetters.read({ ...letters, group: "shop" }, { max: 1 }),
      () => mail.deadLetters.redrive({ kind: "queue", name: "shop.work" }, "1"),
      () => spy.log.consume("shop.sold", "spy", { ...consuming, from }),
      () => spy.log.read("shop.sold", { from, max: 1 }),
      () => spy.queue!.send("shop.work", [message("a")]),
      () => spy.log.forget("shop.sold", "spy"),
    ];
    for (const attempt of refused) await assert.rejects(attempt(), { code: "PEER_REFUSED" }, String(attempt));
  });

  test("may not end the deliveries of another's consumer", async (t) => {
    const engine = openMemoryBroker({ clock });
    t.after(() => engine.close());
    const fixture = await serveBroker(t, engine, { peers });
    const [mail, spy] = [connectAs(t, fixture.address, "mail"), connectAs(t, fixture.address, "spy")];
    const items = (
      await mail.consume({ kind: "topic", topic: "shop.sold", group: "mail", from, inFlightMax: 1, leaseMs: 60_000 })
    )[Symbol.asyncIterator]();
    const joined = (await items.next()).value;
    assert.ok(joined?.kind === "joined");
    const { consumer } = joined;
    const refused = { code: "DECLARED", failure: "PeerRefused" };
    await assert.rejects(spy.settle({ consumer, acked: [1], others: [] }), refused);
    await assert.rejects(spy.pause({ consumer }), refused);
    await assert.rejects(spy.leave({ consumer }), refused);
    assert.deepEqual(await mail.settle({ consumer, acked: [7], others: [] }), { lost: [7], failed: [] });
    await items.return?.();
  });
});
