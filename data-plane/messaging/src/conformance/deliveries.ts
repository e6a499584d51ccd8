/** Deliveries: whose they are, for how long, and what each way of ending them means; in groups and queues alike. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Delivery } from "../delivery.ts";
import {
  type BrokerSubject,
  failure,
  longLeaseMs,
  message,
  messages,
  type OpenedBroker,
  pass,
  type Source,
  shortLeaseMs,
  sourceKinds,
  until,
} from "./subject.ts";

/** The tests. */
export function deliveries({ name, open }: BrokerSubject): void {
  for (const { kind, make } of sourceKinds) {
    const opening = async (t: TestContext): Promise<[OpenedBroker, Source] | undefined> => {
      const opened = await open(t);
      const source = make(opened);
      if (source !== undefined) return [opened, source];
      t.skip("this engine has no queues");
      return undefined;
    };
    describe(`${name}: a delivery of ${kind}`, () => {
      ending(opening);
      leasing(opening);
      crowding(opening);
    });
  }
}

type Opening = (t: TestContext) => Promise<[OpenedBroker, Source] | undefined>;

function ending(opening: Opening): void {
  test("that is acked never comes again", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const hands = await source.consume();
    await source.publish(message("a"));
    await (await hands.next()).ack();
    await hands.stop();
    await until(opened!, "nothing left", async () => (await source.left()) === 0);
    const other = await source.consume();
    await source.publish(message("b"));
    await other.next();
    assert.deepEqual(other.ids, ["b"]);
  });

  test("that is nacked comes again, not before its delay, counted, with the reason; others do not wait", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const { clock, broker } = opened!;
    const hands = await source.consume({ inFlightMax: 1 });
    await source.publish(message("a"), message("b"));
    const first = await hands.next();
    const nackedMs = clock.nowMs();
    await first.nack(200, failure("once"));
    const second = await hands.next();
    assert.deepEqual([second.message.id, second.attempt], ["b", 1]);
    await second.ack();
    await pass(opened!, 200);
    const again = await hands.next();
    // Wall clocks of servers count in whole milliseconds.
    assert.ok(hands.cameAtMs[2]! - nackedMs >= 199);
    assert.deepEqual([again.message.id, again.attempt], ["a", 2]);
    if (broker.facts.keepsFailures) assert.deepEqual(again.failures, [failure("once")]);
    await again.nack(0, failure("twice"));
    const third = await hands.next();
    assert.deepEqual([third.message.id, third.attempt], ["a", 3]);
    if (broker.facts.keepsFailures) assert.deepEqual(third.failures, [failure("once"), failure("twice")]);
  });

  test("that is released comes again at once, and was never counted", async (t) => {
    const [, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const hands = await source.consume();
    await source.publish(message("a"));
    for (let time = 0; time < 3; time++) {
      const delivery = await hands.next();
      assert.deepEqual([delivery.attempt, delivery.failures.length], [1, 0]);
      await delivery.release();
    }
  });

  test("that is buried never comes again", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const hands = await source.consume();
    await source.publish(message("a"), message("b"));
    const [first, second] = await hands.take(2);
    await first!.bury(failure());
    await second!.ack();
    await until(opened!, "nothing left", async () => (await source.left()) === 0);
    await source.publish(message("c"));
    await hands.next();
    assert.deepEqual(hands.ids, ["a", "b", "c"]);
  });

  test("ends once: whatever is tried after that is refused", async (t) => {
    const [, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const hands = await source.consume();
    await source.publish(message("a"));
    const delivery = await hands.next();
    await delivery.ack();
    for (const end of waysToEnd) await assert.rejects(end(delivery), { code: "DELIVERY_LOST" });
  });
}

const waysToEnd: readonly ((delivery: Delivery) => Promise<void>)[] = [
  (delivery) => delivery.ack(),
  (delivery) => delivery.nack(0, failure()),
  (delivery) => delivery.bury(failure()),
  (delivery) => delivery.release(),
  (delivery) => delivery.extend(),
];

function leasing(opening: Opening): void {
  test("whose lease is over goes to somebody else, counted; its first holder can end it no more", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const slow = await source.consume({ leaseMs: shortLeaseMs, inFlightMax: 1 });
    await source.publish(message("a"));
    const late = await slow.next();
    await slow.pause();
    const quick = await source.consume();
    await pass(opened!, shortLeaseMs);
    const again = await quick.next();
    assert.deepEqual([again.message.id, again.attempt], ["a", 2]);
    if (opened!.broker.facts.keepsFailures) assert.equal(again.failures.at(-1)?.code, "CONSUMER_GONE");
    for (const end of waysToEnd) await assert.rejects(end(late), { code: "DELIVERY_LOST" });
    await again.ack();
  });

  test("stays with whoever extends its lease", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const slow = await source.consume({ leaseMs: shortLeaseMs });
    await source.publish(message("a"));
    const delivery = await slow.next();
    await slow.pause();
    const other = await source.consume();
    for (let part = 0; part < 6; part++) {
      await pass(opened!, shortLeaseMs / 3);
      await delivery.extend();
    }
    await delivery.ack();
    await source.publish(message("b"));
    await other.next();
    assert.deepEqual(other.ids, ["b"]);
  });
}

function crowding(opening: Opening): void {
  test("comes only while fewer than `inFlightMax` are in hand", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    await source.publish(...messages("a", 5));
    const one = await source.consume({ inFlightMax: 2 });
    const [first] = await one.take(2);
    const other = await source.consume({ inFlightMax: 3 });
    await other.take(3);
    await source.publish(message("b"));
    await first!.ack();
    await one.next();
    assert.deepEqual([one.taken.length, other.taken.length], [3, 3]);
    assert.equal(new Set([...one.ids, ...other.ids]).size, 6);
    await until(opened!, "5 in hand", async () => (await source.inFlight()) === 5);
  });

  test("that fails again and again holds up no neighbour", async (t) => {
    const [opened, source] = (await opening(t)) ?? [];
    if (source === undefined) return;
    const hands = await source.consume({ inFlightMax: 1, leaseMs: longLeaseMs });
    await source.publish(message("poison"), ...messages("a", 10));
    const handled = new Set<string>();
    let seen = 0;
    await until(opened!, "all neighbours handled", async () => {
      for (const delivery of hands.taken.slice(seen)) {
        seen += 1;
        if (delivery.message.id === "poison") await delivery.nack(60_000, failure());
        else {
          await delivery.ack();
          handled.add(delivery.message.id);
        }
      }
      return handled.size === 10;
    });
    assert.equal(await source.left(), 1);
  });
}
