/** Restarts: what was acked stays acked, what was not comes again, and nothing forgets how often it was tried. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Broker } from "../broker.ts";
import {
  type BrokerSubject,
  failure,
  idsOf,
  message,
  messages,
  type OpenedBroker,
  pass,
  type Source,
  shortLeaseMs,
  sourceKinds,
} from "./subject.ts";

type Restart = () => Promise<Broker>;

/** The tests. */
export function restarts({ name, open }: BrokerSubject): void {
  for (const { kind, make } of sourceKinds) {
    for (const way of ["reopen", "crash"] as const) {
      describe(`${name}: ${kind} after ${way === "reopen" ? "a restart" : "a crash"}`, () => {
        eachRestart(async (t) => {
          const opened = await open(t);
          const source = make(opened);
          const restart = opened[way];
          if (source !== undefined && restart !== undefined) return { opened, source, restart };
          t.skip(source === undefined ? "this engine has no queues" : "nothing of it survives this");
          return undefined;
        }, way);
      });
    }
  }
}

type Opening = (t: TestContext) => Promise<{ opened: OpenedBroker; source: Source; restart: Restart } | undefined>;

function eachRestart(opening: Opening, way: "reopen" | "crash"): void {
  test("gives back what was in hand: not counted when it was given back, counted when it was not", async (t) => {
    const { source, restart } = (await opening(t)) ?? {};
    if (source === undefined || restart === undefined) return;
    await source.publish(message("a"));
    await (await source.consume({ leaseMs: shortLeaseMs })).next();
    const after = source.in(await restart());
    await pass(after.opened, shortLeaseMs);
    const again = await (await after.consume()).next();
    assert.deepEqual([again.message.id, again.attempt], ["a", way === "reopen" ? 1 : 2]);
    const { keepsFailures } = after.opened.broker.facts;
    if (way === "crash" && keepsFailures) assert.equal(again.failures.at(-1)?.code, "CONSUMER_GONE");
  });

  test("has everything that was acknowledged, and nothing that was acked", async (t) => {
    const { source, restart } = (await opening(t)) ?? {};
    if (source === undefined || restart === undefined) return;
    await source.publish(...messages("a", 4));
    const before = await source.consume({ inFlightMax: 3, leaseMs: shortLeaseMs });
    const [first, second] = await before.take(3);
    await first!.ack();
    await second!.bury(failure());
    const after = source.in(await restart());
    await pass(after.opened, shortLeaseMs);
    const taken = await (await after.consume()).take(2);
    assert.deepEqual(new Set(idsOf(taken)), new Set(["a-2", "a-3"]));
    const letters = await after.opened.broker.deadLetters.read(source.source, { max: 10 });
    assert.deepEqual(idsOf(letters), ["a-1"]);
    await assert.rejects(first!.extend());
  });

  test("remembers how often each was tried, and why it failed", async (t) => {
    const { opened, source, restart } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined || restart === undefined) return;
    await source.publish(message("a"));
    const before = await source.consume();
    await (await before.next()).nack(0, failure("first"));
    await (await before.next()).nack(50, failure("second"));
    const after = source.in(await restart());
    await pass(after.opened, 50);
    const third = await (await after.consume()).next();
    assert.equal(third.attempt, 3);
    if (opened.broker.facts.keepsFailures) assert.deepEqual(third.failures, [failure("first"), failure("second")]);
    await third.bury(failure("third"));
    const [letter] = await after.opened.broker.deadLetters.read(source.source, { max: 1 });
    assert.equal(letter?.attempts, 3);
  });

  test("knows the ids that were published before", async (t) => {
    const { opened, source, restart } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined || restart === undefined) return;
    if (opened.broker.facts.dedupWindowMs === 0) return t.skip("this engine forgets ids");
    await source.publish(message("a"));
    const before = await source.consume();
    await (await before.next()).ack();
    const after = source.in(await restart());
    await after.publish(message("a"), message("b"));
    const hands = await after.consume();
    await hands.next();
    assert.deepEqual(hands.ids, ["b"]);
    return undefined;
  });

  test("gives back dead letters that are redriven", async (t) => {
    const { source, restart } = (await opening(t)) ?? {};
    if (source === undefined || restart === undefined) return;
    await source.publish(message("a"));
    const before = await source.consume();
    await (await before.next()).bury(failure());
    const between = source.in(await restart());
    const { deadLetters } = between.opened.broker;
    const [letter] = await deadLetters.read(source.source, { max: 1 });
    assert.equal(await deadLetters.redrive(source.source, letter!.id), true);
    const again = await (await between.consume()).next();
    assert.deepEqual([again.message.id, again.attempt], ["a", 1]);
    await again.ack();
  });
}
