/** The end of a consumer and of a broker: nothing more comes, nothing is lost. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import {
  type BrokerSubject,
  longLeaseMs,
  message,
  messages,
  newChannel,
  type OpenedBroker,
  type Source,
  sourceKinds,
} from "./subject.ts";

/** The tests. */
export function closing({ name, open }: BrokerSubject): void {
  for (const { kind, make } of sourceKinds) {
    describe(`${name}: a consumer of ${kind}`, () => {
      consumers(async (t) => {
        const opened = await open(t);
        const source = make(opened);
        if (source !== undefined) return { opened, source };
        t.skip("this engine has no queues");
        return undefined;
      });
    });
  }
  describe(`${name}: a broker that is closed`, () => {
    test("refuses everything; closing twice is the same as once", async (t) => {
      const { broker } = await open(t);
      const { log, queue } = broker;
      const topic = newChannel();
      await broker.check();
      await log.append(topic, [message("a")]);
      await Promise.all([broker.close(), broker.close()]);
      await broker.close();
      const options = { inFlightMax: 1, leaseMs: longLeaseMs, onDelivery: () => {} };
      const refused = { code: "BROKER_UNAVAILABLE" };
      await assert.rejects(broker.check(), refused);
      await assert.rejects(log.append(topic, [message("b")]), refused);
      await assert.rejects(log.consume(topic, "readers", { ...options, from: { kind: "first" } }), refused);
      await assert.rejects(log.read(topic, { from: { kind: "first" }, max: 1 }), refused);
      if (queue !== undefined) await assert.rejects(queue.send(topic, [message("b")]), refused);
    });

    test("gives no more deliveries, and those in hand can be ended no more", async (t) => {
      const { broker } = await open(t);
      const taken: (() => Promise<void>)[] = [];
      const first = Promise.withResolvers<void>();
      const topic = newChannel();
      await broker.log.append(topic, messages("a", 3));
      await broker.log.consume(topic, "readers", {
        inFlightMax: 1,
        leaseMs: longLeaseMs,
        from: { kind: "first" },
        onDelivery: (delivery) => {
          taken.push(() => delivery.ack());
          first.resolve();
        },
      });
      await first.promise;
      await broker.close();
      await assert.rejects(taken[0]!(), { code: "DELIVERY_LOST" });
      assert.equal(taken.length, 1);
    });
  });
}

type Opening = (t: TestContext) => Promise<{ opened: OpenedBroker; source: Source } | undefined>;

function consumers(opening: Opening): void {
  test("that is paused gets no more, and may still end what it has", async (t) => {
    const { source } = (await opening(t)) ?? {};
    if (source === undefined) return;
    const paused = await source.consume({ inFlightMax: 2 });
    await source.publish(...messages("a", 2));
    const [first, second] = await paused.take(2);
    await paused.pause();
    await first!.ack();
    await source.publish(message("b"));
    const other = await source.consume();
    assert.equal((await other.next()).message.id, "b");
    await second!.ack();
    await source.publish(message("c"));
    await other.next();
    assert.deepEqual(
      [paused.ids, other.ids],
      [
        ["a-0", "a-1"],
        ["b", "c"],
      ],
    );
  });

  test("that is stopped gives back what it has, at once and uncounted, and can end it no more", async (t) => {
    const { source } = (await opening(t)) ?? {};
    if (source === undefined) return;
    const stopped = await source.consume();
    await source.publish(message("a"));
    const lost = await stopped.next();
    await Promise.all([stopped.stop(), stopped.stop()]);
    const other = await source.consume();
    const again = await other.next();
    assert.deepEqual([again.message.id, again.attempt], ["a", 1]);
    await assert.rejects(lost.ack(), { code: "DELIVERY_LOST" });
    await again.ack();
    assert.equal(stopped.taken.length, 1);
  });
}
