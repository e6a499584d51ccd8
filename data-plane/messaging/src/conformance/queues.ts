/** Queues: one worker for each message, the urgent first, the early not too early. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Message } from "@cantle/contract";
import type { Queue } from "../queue.ts";
import {
  type BrokerSubject,
  idsOf,
  message,
  messages,
  type OpenedBroker,
  pass,
  queueFacts,
  queueSource,
  type Source,
  until,
} from "./subject.ts";

interface Opened {
  readonly opened: OpenedBroker;
  readonly queue: Queue;
  readonly source: Source;
}

type Opening = (t: TestContext) => Promise<Opened | undefined>;

/** The tests. */
export function queues({ name, open }: BrokerSubject): void {
  const opening: Opening = async (t) => {
    const opened = await open(t);
    const { queue } = opened.broker;
    if (queue !== undefined) return { opened, queue, source: queueSource(opened) };
    t.skip("this engine has no queues");
    return undefined;
  };
  describe(`${name}: a queue`, () => {
    sharing(opening);
    ranking(opening);
    looking(opening);
  });
}

function sharing(opening: Opening): void {
  test("gives each message to one worker, as it was sent", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const whole = message("a-0", { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", key: "ä" });
    const workers = await Promise.all([1, 2, 3].map(() => source.consume({ inFlightMax: 10 })));
    await source.publish(whole, ...messages("b", 24));
    const taken = () => workers.flatMap((worker) => worker.taken);
    await until(opened, "25 deliveries", () => taken().length === 25);
    assert.equal(new Set(idsOf(taken())).size, 25);
    const { position, ...got } = taken().find((each) => each.message.id === "a-0")!.message;
    assert.deepEqual({ ...got, data: Buffer.from(got.data) }, { ...whole, data: Buffer.from(whole.data) });
    assert.equal(typeof position, "string");
  });

  test("keeps what is sent while nobody works, and gives the oldest first", async (t) => {
    const { source } = (await opening(t)) ?? {};
    if (source === undefined) return;
    await source.publish(...messages("a", 3));
    const worker = await source.consume({ inFlightMax: 1 });
    for (const id of ["a-0", "a-1", "a-2"]) {
      const delivery = await worker.next();
      assert.equal(delivery.message.id, id);
      await delivery.ack();
    }
  });
}

function ranking(opening: Opening): void {
  test("gives what is urgent first", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    if (!opened.broker.facts.priorities) return t.skip("this engine has no priorities");
    const of = (id: string, priority?: Message["priority"]) => message(id, { priority });
    await source.publish(of("low", "low"), of("normal"), of("high", "high"), of("low-2", "low"), of("high-2", "high"));
    const worker = await source.consume({ inFlightMax: 1 });
    for (let left = 5; left > 0; left--) await (await worker.next()).ack();
    assert.deepEqual(worker.ids, ["high", "high-2", "normal", "low", "low-2"]);
    return undefined;
  });

  test("gives nothing before its moment, and what comes later in order of its moment", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    if (!opened.broker.facts.delays) return t.skip("this engine has no delays");
    const { clock } = opened;
    const beganMs = clock.nowMs();
    const at = (ms: number) => new Date(clock.wallMs() + ms).toISOString();
    await source.publish(
      message("later", { notBefore: at(2_000) }),
      message("soon", { notBefore: at(1_000) }),
      message("past", { notBefore: at(-1_000) }),
      message("now"),
    );
    const facts = await queueFacts(opened.broker, source.source.name);
    if (clock.nowMs() - beganMs < 900) assert.deepEqual([facts!.waiting, facts!.delayed], [2, 2]);
    const worker = await source.consume();
    await worker.take(2);
    assert.deepEqual(new Set(worker.ids), new Set(["past", "now"]));
    await pass(opened, 1_000);
    assert.equal((await worker.next()).message.id, "soon");
    // The engine's wall clock counts in whole milliseconds.
    assert.ok(worker.cameAtMs[2]! - beganMs >= 999);
    await pass(opened, 1_000);
    assert.equal((await worker.next()).message.id, "later");
    assert.ok(worker.cameAtMs[3]! - beganMs >= 1_999);
    return undefined;
  });
}

function looking(opening: Opening): void {
  test("can be looked into, which takes nothing from anybody", async (t) => {
    const { queue, source } = (await opening(t)) ?? {};
    if (queue === undefined || source === undefined) return;
    await source.publish(...messages("a", 3));
    const seen = await queue.peek(source.source.name, 2);
    assert.deepEqual(
      seen.map(({ id }) => id),
      ["a-0", "a-1"],
    );
    assert.deepEqual(await queue.peek("nobody.wrote", 2), []);
    assert.deepEqual(idsOf(await (await source.consume()).take(3)), ["a-0", "a-1", "a-2"]);
  });

  test("can be emptied, but for what is in somebody's hands", async (t) => {
    const { opened, queue, source } = (await opening(t)) ?? {};
    if (opened === undefined || queue === undefined || source === undefined) return;
    const worker = await source.consume({ inFlightMax: 1 });
    const later = new Date(opened.clock.wallMs() + 3_600_000).toISOString();
    const { delays } = opened.broker.facts;
    await source.publish(...messages("a", 3), message("later", delays ? { notBefore: later } : {}));
    const inHand = await worker.next();
    await until(opened, "4 left", async () => (await source.left()) === 4);
    assert.equal(await queue.purge(source.source.name), 3);
    assert.equal(await queue.purge(source.source.name), 0);
    await inHand.ack();
    await source.publish(message("b"));
    assert.equal((await worker.next()).message.id, "b");
  });

  test("says how it stands", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const worker = await source.consume({ inFlightMax: 1 });
    await source.publish(...messages("a", 3));
    const first = await worker.next();
    const facts = () => queueFacts(opened.broker, source.source.name);
    await until(opened, "1 in hand", async () => (await facts())?.inFlight === 1);
    assert.equal((await facts())?.waiting, 2);
    await pass(opened, 20);
    assert.ok((await facts())!.oldestMs > 0);
    await first.ack();
    await (await worker.next()).ack();
    await (await worker.next()).ack();
    await until(opened, "nothing left", async () => (await source.left()) === 0);
    assert.equal((await facts())?.oldestMs ?? 0, 0);
  });
}
