/** Order: messages with one key are handled one after the other in a group, and hold up nobody else. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { seededRandom } from "@cantle/core";
import type { Delivery } from "../delivery.ts";
import {
  type BrokerSubject,
  failure,
  message,
  type OpenedBroker,
  pass,
  shortLeaseMs,
  topicSource,
  until,
} from "./subject.ts";

/** The tests. */
export function order({ name, open }: BrokerSubject): void {
  async function ordered(t: TestContext): Promise<OpenedBroker | undefined> {
    const opened = await open(t);
    if (opened.broker.facts.orderedByKey) return opened;
    t.skip("this engine keeps no order by key");
    return undefined;
  }

  describe(`${name}: messages with the same key`, () => {
    test("wait for the one before to be acked; other keys and those without do not", async (t) => {
      const opened = await ordered(t);
      if (opened === undefined) return;
      const source = topicSource(opened);
      const hands = await source.consume();
      await source.publish(
        message("a-1", { key: "a" }),
        message("a-2", { key: "a" }),
        message("b-1", { key: "b" }),
        message("free-1"),
        message("free-2"),
      );
      const [first] = await hands.take(4);
      assert.deepEqual(hands.ids, ["a-1", "b-1", "free-1", "free-2"]);
      await first!.ack();
      assert.equal((await hands.next()).message.id, "a-2");
    });

    test("wait for it while it backs off, and go on when it is buried", async (t) => {
      const opened = await ordered(t);
      if (opened === undefined) return;
      const source = topicSource(opened);
      const hands = await source.consume();
      await source.publish(message("a-1", { key: "a" }), message("a-2", { key: "a" }), message("b-1", { key: "b" }));
      const [first, other] = await hands.take(2);
      await first!.nack(30, failure());
      await other!.ack();
      await pass(opened, 30);
      const again = await hands.next();
      assert.deepEqual(hands.ids, ["a-1", "b-1", "a-1"]);
      assert.equal(again.attempt, 2);
      await again.bury(failure());
      assert.equal((await hands.next()).message.id, "a-2");
    });

    test("wait for it over consumers, when its lease is over and when its consumer stops", async (t) => {
      const opened = await ordered(t);
      if (opened === undefined) return;
      const source = topicSource(opened);
      const one = await source.consume({ leaseMs: shortLeaseMs, inFlightMax: 1 });
      await source.publish(message("a-1", { key: "a" }), message("a-2", { key: "a" }));
      await one.next();
      const other = await source.consume();
      await one.pause();
      await pass(opened, shortLeaseMs);
      assert.equal((await other.next()).message.id, "a-1");
      const third = await source.consume();
      await other.stop();
      assert.equal((await third.next()).message.id, "a-1");
      await (third.taken[0] as Delivery).ack();
      assert.equal((await third.next()).message.id, "a-2");
    });

    test("are handled in order whatever becomes of each delivery, by three consumers at once", async (t) => {
      const opened = await ordered(t);
      if (opened === undefined) return;
      await storm(opened);
    });
  });
}

const keys = ["a", "b", "c", "d", "e"];
const eachMax = 20;

/** Consumers that ack, nack and release by chance; every key must be handled in order, one message at a time. */
async function storm(opened: OpenedBroker): Promise<void> {
  const source = topicSource(opened);
  const chance = seededRandom(7);
  const handled = new Map<string, string[]>(keys.map((key) => [key, []]));
  const inHand = new Map<string, string>();
  const wrong: string[] = [];
  let ended = 0;

  async function end(delivery: Delivery): Promise<void> {
    const { id, key = "" } = delivery.message;
    const other = inHand.get(key);
    if (other !== undefined) wrong.push(`${id} came while ${other} was in hand`);
    inHand.set(key, id);
    await new Promise((resolve) => setImmediate(resolve));
    inHand.delete(key);
    const fate = delivery.attempt > 3 ? 0 : chance.next();
    if (fate < 0.6) {
      handled.get(key)?.push(id);
      await delivery.ack();
      ended += 1;
    } else if (fate < 0.8) await delivery.nack(chance.next() * 5, failure());
    else await delivery.release();
  }

  const work: Promise<void>[] = [];
  const consumers = await Promise.all([1, 2, 3].map(() => source.consume({ inFlightMax: 4 })));
  let seen = consumers.map(() => 0);
  const sent = Array.from({ length: eachMax }, (_, index) =>
    keys.map((key) => message(`${key}-${index}`, { key })),
  ).flat();
  await source.publish(...sent);
  await until(opened, "everything handled", () => {
    seen = consumers.map((hands, at) => {
      for (const delivery of hands.taken.slice(seen[at])) work.push(end(delivery));
      return hands.taken.length;
    });
    return ended === sent.length;
  });
  await Promise.all(work);
  assert.deepEqual(wrong, []);
  for (const key of keys)
    assert.deepEqual(
      handled.get(key),
      Array.from({ length: eachMax }, (_, index) => `${key}-${index}`),
    );
}
