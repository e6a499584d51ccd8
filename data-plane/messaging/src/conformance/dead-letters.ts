/** Dead letters: what was given up, why, and the two ways out. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { DeadLetterSource } from "../dead-letters.ts";
import {
  type BrokerSubject,
  failure,
  type Hands,
  idsOf,
  message,
  messages,
  type OpenedBroker,
  readTopic,
  type Source,
  sourceKinds,
  topicSource,
  until,
} from "./subject.ts";

/** The tests. */
export function deadLetters({ name, open }: BrokerSubject): void {
  for (const { kind, make } of sourceKinds) {
    describe(`${name}: dead letters of ${kind}`, () => {
      eachWay(async (t) => {
        const opened = await open(t);
        const source = make(opened);
        if (source !== undefined) return { opened, source };
        t.skip("this engine has no queues");
        return undefined;
      });
    });
  }
  describe(`${name}: dead letters of a topic`, () => {
    test("go back to the group that gave them up, and to no other", async (t) => {
      const opened = await open(t);
      const topic = topicSource(opened).source.name;
      const one = await readTopic(opened, { topic, group: "one" });
      const other = await readTopic(opened, { topic, group: "other" });
      await opened.broker.log.append(topic, [message("a")]);
      await (await one.next()).bury(failure());
      await (await other.next()).ack();
      const source: DeadLetterSource = { kind: "topic", name: topic, group: "one" };
      const [letter] = await lettersOf(opened, source, 1);
      assert.deepEqual(await opened.broker.deadLetters.read({ ...source, group: "other" }, { max: 10 }), []);
      assert.equal(await opened.broker.deadLetters.redrive(source, letter!.id), true);
      assert.equal((await one.next()).message.id, "a");
      await opened.broker.log.append(topic, [message("b")]);
      await other.next();
      assert.deepEqual(other.ids, ["a", "b"]);
    });
  });
}

async function lettersOf({ broker, ...opened }: OpenedBroker, source: DeadLetterSource, count: number) {
  const read = () => broker.deadLetters.read(source, { max: 100 });
  await until({ broker, ...opened }, `${count} dead letters`, async () => (await read()).length === count);
  return read();
}

async function buryAll(hands: Hands, count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    const delivery = await hands.next();
    await delivery.bury(failure(`over with ${delivery.message.id}`));
  }
}

type Opening = (t: TestContext) => Promise<{ opened: OpenedBroker; source: Source } | undefined>;

function eachWay(opening: Opening): void {
  test("are kept with all their failures, and counted", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const hands = await source.consume();
    const sent = message("a", { key: "k", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
    await source.publish(sent);
    await (await hands.next()).nack(0, failure("first"));
    await (await hands.next()).bury(failure("second"));
    const [letter] = await lettersOf(opened, source.source, 1);
    const { position: _position, ...kept } = letter!.message;
    assert.deepEqual({ ...kept, data: Buffer.from(kept.data) }, { ...sent, data: Buffer.from(sent.data) });
    assert.equal(letter!.attempts, 2);
    assert.ok(Number.isFinite(Date.parse(letter!.at)));
    const { keepsFailures } = opened.broker.facts;
    assert.deepEqual(letter!.failures, keepsFailures ? [failure("first"), failure("second")] : [failure("second")]);
    const facts = (await opened.broker.deadLetters.sources()).find((each) => each.source.name === source.source.name);
    assert.equal(facts?.count, 1);
    assert.deepEqual({ ...facts?.source }, { ...source.source });
    assert.ok((facts?.oldestMs ?? -1) >= 0);
  });

  test("are read oldest first, page by page", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const hands = await source.consume({ inFlightMax: 1 });
    await source.publish(...messages("a", 5));
    await buryAll(hands, 5);
    await lettersOf(opened, source.source, 5);
    const page = await opened.broker.deadLetters.read(source.source, { max: 2 });
    assert.deepEqual(idsOf(page), ["a-0", "a-1"]);
    const rest = await opened.broker.deadLetters.read(source.source, { max: 10, after: page[1]!.id });
    assert.deepEqual(idsOf(rest), ["a-2", "a-3", "a-4"]);
  });

  test("come again when they are redriven, counted anew, once", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const { deadLetters } = opened.broker;
    const hands = await source.consume();
    await source.publish(message("a"), message("b"));
    await buryAll(hands, 2);
    const [letter] = await lettersOf(opened, source.source, 2);
    assert.equal(await deadLetters.redrive(source.source, letter!.id), true);
    const again = await hands.next();
    assert.deepEqual([again.message.id, again.attempt, again.failures.length], ["a", 1, 0]);
    assert.equal(await deadLetters.redrive(source.source, letter!.id), false);
    assert.deepEqual(idsOf(await lettersOf(opened, source.source, 1)), ["b"]);
    await again.ack();
    await until(opened, "nothing left", async () => (await source.left()) === 0);
  });

  test("can be given up again, and removed", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const { deadLetters } = opened.broker;
    const hands = await source.consume();
    await source.publish(message("a"));
    await buryAll(hands, 1);
    const [letter] = await lettersOf(opened, source.source, 1);
    await deadLetters.redrive(source.source, letter!.id);
    await (await hands.next()).bury(failure("again"));
    const [second] = await lettersOf(opened, source.source, 1);
    assert.deepEqual(second!.failures, [failure("again")]);
    assert.equal(await deadLetters.remove(source.source, second!.id), true);
    assert.equal(await deadLetters.remove(source.source, second!.id), false);
    assert.equal(await deadLetters.remove(source.source, "nonsense"), false);
    assert.equal(await deadLetters.redrive(source.source, "nonsense"), false);
    await lettersOf(opened, source.source, 0);
  });
}
