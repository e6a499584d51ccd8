/** Topics: every group gets everything, from where it begins, and what is kept can be read again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StartAt } from "../log.ts";
import {
  type BrokerSubject,
  groupFacts,
  idsOf,
  message,
  messages,
  newChannel,
  pass,
  readTopic,
  topicSource,
  until,
} from "./subject.ts";

/** The tests. */
export function topics(subject: BrokerSubject): void {
  groups(subject);
  reading(subject);
  moving(subject);
}

function groups({ name, open }: BrokerSubject): void {
  describe(`${name}: groups of a topic`, () => {
    test("get every message once, each group for itself, in the order of appending", async (t) => {
      const opened = await open(t);
      const topic = newChannel();
      const sent = messages("a", 20);
      await opened.broker.log.append(topic, sent.slice(0, 10));
      await opened.broker.log.append(topic, sent.slice(10));
      for (const group of ["one", "other"]) {
        const hands = await readTopic(opened, { topic, group });
        const taken = await hands.take(20);
        assert.deepEqual(idsOf(taken), idsOf(sent.map((each) => ({ message: each }))));
        assert.deepEqual(new Set(taken.map(({ attempt }) => attempt)), new Set([1]));
        await Promise.all(taken.map((delivery) => delivery.ack()));
        await until(opened, "no lag", async () => (await groupFacts(opened.broker, topic, group))?.lag === 0);
      }
    });

    test("get a message as it was published, to the last byte", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      const whole = message("urn:a/b?c=%20~!", {
        key: "Schlüssel 🔑",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        baggage: "tenant=t%C3%A4st",
        data: new TextEncoder().encode('{"text":"ä\\u0000🔑"}'),
      });
      await source.publish(whole, message("bare"));
      const [first, second] = await (await source.consume()).take(2);
      const { position, ...got } = first!.message;
      assert.deepEqual({ ...got, data: Buffer.from(got.data) }, { ...whole, data: Buffer.from(whole.data) });
      assert.notEqual(position, second!.message.position);
      assert.equal(second!.message.key, undefined);
      assert.equal(second!.message.traceparent, undefined);
    });

    test("get it so whatever its publisher does with the bytes after that", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      const data = Buffer.from('"first"');
      await source.publish(message("a", { data }));
      data.fill(0x30);
      const delivery = await (await source.consume()).next();
      assert.equal(Buffer.from(delivery.message.data).toString(), '"first"');
    });

    test("get what is appended while they listen, also to a topic that was not there", async (t) => {
      const opened = await open(t);
      const topic = newChannel();
      const hands = await readTopic(opened, { topic, group: "readers", from: { kind: "new" } });
      await opened.broker.log.append(topic, [message("a")]);
      assert.equal((await hands.next()).message.id, "a");
      await opened.broker.log.append(topic, [message("b")]);
      assert.equal((await hands.next()).message.id, "b");
    });

    test("share among their consumers: each message is in one's hands", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      const all = await Promise.all([1, 2, 3].map(() => source.consume({ inFlightMax: 10 })));
      await source.publish(...messages("a", 25));
      const taken = () => all.flatMap(({ ids }) => ids);
      await until(opened, "25 deliveries", () => taken().length === 25);
      assert.equal(new Set(taken()).size, 25);
    });

    test("begin where they are told when they are new, and go on where they were when they are not", async (t) => {
      const opened = await open(t);
      const topic = newChannel();
      await opened.broker.log.append(topic, messages("old", 3));
      const fresh = await readTopic(opened, { topic, group: "fresh", from: { kind: "new" } });
      await opened.broker.log.append(topic, [message("late")]);
      const late = await fresh.next();
      assert.equal(late.message.id, "late");
      await late.ack();
      await fresh.stop();
      await opened.broker.log.append(topic, [message("later")]);
      const again = await readTopic(opened, { topic, group: "fresh", from: { kind: "first" } });
      assert.equal((await again.next()).message.id, "later");
      assert.deepEqual(again.ids, ["later"]);
    });

    test("say how far behind they are, and how much is in hand", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      const hands = await source.consume({ inFlightMax: 2 });
      await source.publish(...messages("a", 5));
      const [first] = await hands.take(2);
      await until(opened, "5 left", async () => (await source.left()) === 5 && (await source.inFlight()) === 2);
      await pass(opened, 20);
      const facts = await groupFacts(opened.broker, source.source.name, "readers");
      assert.ok(facts!.oldestMs >= 0);
      await first!.ack();
      await hands.next();
      await until(opened, "4 left", async () => (await source.left()) === 4);
      const topic = (await opened.broker.log.topics()).find((each) => each.topic === source.source.name);
      assert.equal(topic!.messages, 5);
      assert.ok(topic!.bytes > 0);
    });
  });
}

function reading({ name, open }: BrokerSubject): void {
  describe(`${name}: reading a topic`, () => {
    test("takes nothing from anybody, and goes page by page", async (t) => {
      const opened = await open(t);
      const { log } = opened.broker;
      const source = topicSource(opened);
      await source.publish(...messages("a", 5));
      const page = await log.read(source.source.name, { from: { kind: "first" }, max: 2 });
      assert.deepEqual(
        page.map(({ id }) => id),
        ["a-0", "a-1"],
      );
      const position = page[1]!.position;
      const rest = await log.read(source.source.name, { from: { kind: "position", position }, max: 10 });
      assert.deepEqual(
        rest.map(({ id }) => id),
        ["a-1", "a-2", "a-3", "a-4"],
      );
      assert.deepEqual(await log.read(source.source.name, { from: { kind: "new" }, max: 10 }), []);
      assert.deepEqual(idsOf(await (await source.consume()).take(5)), ["a-0", "a-1", "a-2", "a-3", "a-4"]);
    });

    test("begins with what was stored at a moment or later", async (t) => {
      const opened = await open(t);
      const { log } = opened.broker;
      const topic = newChannel();
      await log.append(topic, [message("before")]);
      await pass(opened, 50);
      const time = new Date(opened.clock.wallMs()).toISOString();
      await pass(opened, 50);
      await log.append(topic, [message("after")]);
      const read = async (from: StartAt) => (await log.read(topic, { from, max: 10 })).map(({ id }) => id);
      assert.deepEqual(await read({ kind: "time", time }), ["after"]);
      assert.deepEqual(await read({ kind: "time", time: "2001-01-01T00:00:00.000Z" }), ["before", "after"]);
    });

    test("finds nothing in a topic that nobody wrote to", async (t) => {
      const { broker } = await open(t);
      assert.deepEqual(await broker.log.read(newChannel(), { from: { kind: "first" }, max: 10 }), []);
    });
  });
}

function moving({ name, open }: BrokerSubject): void {
  describe(`${name}: a group that is sent elsewhere`, () => {
    test("gets everything again from there, and what was in hand can be ended no more", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      const topic = source.source.name;
      await source.publish(...messages("a", 3));
      const hands = await source.consume();
      const [first, second, third] = await hands.take(3);
      await first!.ack();
      await second!.ack();
      await opened.broker.log.seek(topic, "readers", { kind: "first" });
      await assert.rejects(third!.ack(), { code: "DELIVERY_LOST" });
      const again = await hands.take(3);
      assert.deepEqual(idsOf(again), ["a-0", "a-1", "a-2"]);
      await Promise.all(again.map((delivery) => delivery.ack()));
      await opened.broker.log.seek(topic, "readers", { kind: "position", position: second!.message.position });
      assert.deepEqual(idsOf(await hands.take(2)), ["a-1", "a-2"]);
    });

    test("goes on with what is new, and leaves the rest behind", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      await source.publish(...messages("a", 3));
      const hands = await source.consume({ inFlightMax: 1 });
      await hands.next();
      await opened.broker.log.seek(source.source.name, "readers", { kind: "new" });
      await source.publish(message("fresh"));
      assert.equal((await hands.next()).message.id, "fresh");
      await until(opened, "1 left", async () => (await source.left()) === 1);
    });

    test("is forgotten on request, and new when it comes back", async (t) => {
      const opened = await open(t);
      const source = topicSource(opened);
      await source.publish(message("a"));
      const hands = await source.consume();
      await (await hands.next()).ack();
      await hands.stop();
      await opened.broker.log.forget(source.source.name, "readers");
      assert.equal(await groupFacts(opened.broker, source.source.name, "readers"), undefined);
      assert.equal((await (await source.consume()).next()).message.id, "a");
    });
  });
}
