import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { contract, delivering, event } from "@cantle/contract";
import {
  type Call,
  CantleError,
  type Handler,
  type Reply,
  seededRandom,
  type VirtualClock,
  virtualClock,
} from "@cantle/core";
import { insideTransaction, runInTransaction } from "@cantle/mesh";
import { createLogger, type LogFields, silentLogger } from "@cantle/telemetry";
import { z } from "zod";
import type { Broker } from "./broker.ts";
import { message, messages } from "./conformance/subject.ts";
import { type ConsumerHost, type ConsumerOptions, type RunningConsumer, runConsumer } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { openMemoryBroker } from "./memory.ts";
import { Solitude } from "./solitude.ts";

const shop = contract("shop", { version: "1.0.0", operations: {}, events: { sold: event(z.string()) } });
const operation = delivering(shop.events.sold, { service: "mail", version: "1.0.0", timeoutMs: 10_000 });
const channel = { kind: "topic", name: "shop.sold" } as const;
const done: Reply = { kind: "value", value: undefined };
const source = { ...channel, group: "mail" };

/** A broker in memory, a clock, and consumers whose handler notes who was there. */
function fixture(t: TestContext) {
  const clock = virtualClock();
  const broker = openMemoryBroker({ clock });
  const host: ConsumerHost = { broker, clock, random: seededRandom(3), log: silentLogger };
  t.after(() => broker.close());
  return {
    clock,
    broker,
    host,
    run(handle: Handler, policy: ConsumerOptions["policy"] = {}, more: Partial<ConsumerHost> = {}) {
      const consumer = runConsumer({ channel, group: "mail", operation, handle, policy }, { ...host, ...more });
      ending(t, consumer, clock);
      return consumer;
    },
    lag: async () => (await broker.log.topics())[0]?.groups[0]?.lag,
    inFlight: async () => (await broker.log.topics())[0]?.groups[0]?.inFlight,
    letters: () => broker.deadLetters.read(source, { max: 100 }),
  };
}

/** Stops a consumer after the test, whatever it still has in hand. */
function ending(t: TestContext, consumer: RunningConsumer, clock: VirtualClock): void {
  t.after(async () => {
    const stopping = consumer.stop(0);
    await clock.advance(1);
    await stopping;
  });
}

/** A handler that waits until it is told what came of each message, and how many it had at once. */
function gate() {
  const waiting = new Map<string, PromiseWithResolvers<Reply>>();
  const calls: Call[] = [];
  return {
    calls,
    waiting: () => [...waiting.keys()],
    handle: ((call) => {
      const { id } = call.message!;
      const answer = Promise.withResolvers<Reply>();
      calls.push(call);
      waiting.set(id, answer);
      call.onCancel((reason) => answer.reject(reason));
      return answer.promise.finally(() => waiting.get(id) === answer && waiting.delete(id));
    }) as Handler,
    end: (id: string) => waiting.get(id)!.resolve(done),
    fail: (id: string, error: unknown) => waiting.get(id)!.reject(error),
  };
}

describe("a consumer", () => {
  test("hands each message over as a call of its operation, and acks it when the handler is done, not before", async (t) => {
    const { clock, broker, run, lag } = fixture(t);
    const { handle, calls, end } = gate();
    const consumer = run(handle);
    await consumer.joined;
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await broker.log.append("shop.sold", [message("a", { key: "k", traceparent, baggage: "tenant=t%20x;p=1,bad" })]);
    await clock.advance(1);
    const [call] = calls;
    assert.equal(call!.operation, operation);
    assert.deepEqual(call!.payload, { kind: "bytes", bytes: message("a").data });
    assert.deepEqual(call!.message, { id: "a", source: "shop", time: message("a").time, key: "k", attempt: 1 });
    assert.equal(call!.trace.traceId, "0af7651916cd43dd8448eb211c80319c");
    assert.equal(call!.trace.sampled, true);
    assert.equal(call!.idempotencyKey, "shop.sold:a");
    assert.equal(call!.deadlineMs, 10_000);
    assert.deepEqual(call!.peer, { service: "shop", uses: new Set(["mail"]) });
    assert.deepEqual({ ...call!.baggage }, { tenant: "t x" });
    assert.equal(await lag(), 1);
    end("a");
    await clock.advance(1);
    assert.equal(await lag(), 0);
  });

  test("handles as many at once as it may, and holds no more", async (t) => {
    const { clock, broker, run, inFlight } = fixture(t);
    const { handle, waiting, end } = gate();
    const consumer = run(handle, { concurrency: 3 });
    await broker.log.append("shop.sold", messages("a", 10));
    await clock.advance(1);
    assert.deepEqual([waiting().length, consumer.inFlightCount, await inFlight()], [3, 3, 3]);
    end("a-1");
    await clock.advance(1);
    assert.deepEqual(waiting(), ["a-0", "a-2", "a-3"]);
  });

  test("tries a failing message again after growing pauses, then gives it up with every failure", async (t) => {
    const { clock, broker, run, letters } = fixture(t);
    const atMs: number[] = [];
    const warned: LogFields[] = [];
    const log = createLogger((level, _text, fields) => level === "warn" && void warned.push(fields));
    const handle: Handler = async () => {
      atMs.push(clock.nowMs());
      throw new RangeError("nothing left");
    };
    run(handle, { deliveriesMax: 4, backOff: { firstMs: 100, maxMs: 250 } }, { log });
    await broker.log.append("shop.sold", [message("a")]);
    await clock.advance(1_000);
    assert.equal(atMs.length, 4);
    for (const [index, mostMs] of [100, 200, 250].entries()) assert.ok(atMs[index + 1]! - atMs[index]! <= mostMs);
    const [letter] = await letters();
    assert.equal(letter!.attempts, 4);
    assert.deepEqual(
      letter!.failures.map(({ code, message }) => [code, message]),
      Array(4).fill(["INTERNAL", "nothing left"]),
    );
    assert.ok(letter!.failures.every(({ traceId }) => /^[0-9a-f]{32}$/.test(traceId ?? "")));
    assert.deepEqual(
      warned.map(({ messageId, attempt, code }) => [messageId, attempt, code]),
      [1, 2, 3, 4].map((attempt) => ["a", attempt, "INTERNAL"]),
    );
    assert.ok(warned.every((fields) => !("message" in fields)));
    await clock.advance(100_000);
    assert.equal(atMs.length, 4);
  });

  test("gives up at once what would fail the same way for ever", async (t) => {
    const { clock, broker, run, letters } = fixture(t);
    let count = 0;
    run(async () => {
      count += 1;
      throw new CantleError("INPUT_INVALID", "the input does not fit");
    });
    await broker.log.append("shop.sold", [message("a")]);
    await clock.advance(1_000);
    assert.equal(count, 1);
    assert.equal((await letters())[0]!.failures[0]!.code, "INPUT_INVALID");
  });

  test("does not count what its own process had no room for", async (t) => {
    const { clock, broker, run, lag } = fixture(t);
    const attempts: number[] = [];
    run(async ({ message }) => {
      attempts.push(message!.attempt);
      if (attempts.length < 20) throw new CantleError("OVERLOADED", "full");
      return done;
    });
    await broker.log.append("shop.sold", [message("a")]);
    await clock.advance(10_000);
    assert.deepEqual(attempts, Array(20).fill(1));
    assert.equal(await lag(), 0);
  });

  test("handles the others while one fails for ever", async (t) => {
    const { clock, broker, run, lag } = fixture(t);
    const handled: string[] = [];
    run(
      async ({ message }) => {
        if (message!.id === "poison") throw new RangeError("no");
        handled.push(message!.id);
        return done;
      },
      { concurrency: 1 },
    );
    await broker.log.append("shop.sold", [message("poison"), ...messages("a", 50)]);
    await clock.advance(50);
    assert.equal(handled.length, 50);
    assert.equal(await lag(), 1);
  });

  test("keeps a message for as long as its handler runs", async (t) => {
    const { clock, broker, run, inFlight, lag } = fixture(t);
    const { handle, waiting, end } = gate();
    run(handle, { leaseMs: 1_000 });
    await broker.log.append("shop.sold", [message("a")]);
    await clock.advance(9_000);
    assert.deepEqual([waiting(), await inFlight()], [["a"], 1]);
    end("a");
    await clock.advance(1);
    assert.equal(await lag(), 0);
  });

  test("cancels a call whose message was lost, and says nothing of how it ended", async (t) => {
    const { clock, broker, run } = fixture(t);
    const { handle, calls, end } = gate();
    run(handle, { leaseMs: 1_000 });
    await broker.log.append("shop.sold", [message("a")]);
    await clock.advance(1);
    await broker.log.seek("shop.sold", "mail", { kind: "first" });
    await clock.advance(500);
    assert.equal((calls[0]!.cancelled as CantleError).code, "DELIVERY_LOST");
    assert.deepEqual([calls.length, calls[1]!.message!.attempt], [2, 1]);
    end("a");
  });

  test("joins again and again while there is no broker, and then takes everything", async (t) => {
    const { clock, broker, run } = fixture(t);
    let refusals = 0;
    const away: Broker = {
      ...broker,
      log: {
        ...broker.log,
        consume: async (topic, group, options) => {
          refusals += 1;
          if (refusals <= 5) throw new CantleError("BROKER_UNAVAILABLE", "away");
          return broker.log.consume(topic, group, options);
        },
      },
    };
    const { handle, waiting } = gate();
    await broker.log.append("shop.sold", [message("a")]);
    const consumer = run(handle, {}, { broker: away });
    await clock.advance(30_000);
    await consumer.joined;
    assert.deepEqual(waiting(), ["a"]);
  });

  test("handles a message outside of the transaction in whose course it was published", async (t) => {
    const { clock, broker, run } = fixture(t);
    const inside: boolean[] = [];
    run(async () => {
      inside.push(insideTransaction());
      return done;
    });
    await clock.advance(1);
    await runInTransaction(async () => {
      await broker.log.append("shop.sold", [message("a")]);
      await clock.advance(1);
    });
    assert.deepEqual(inside, [false]);
  });

  test("refuses a policy that cannot be, with its place", (t) => {
    const { run } = fixture(t);
    for (const policy of [
      { concurrency: 0 },
      { deliveriesMax: 1.5 },
      { leaseMs: 10 },
      { backOff: { firstMs: 9, maxMs: 1 } },
    ])
      assert.throws(() => run(async () => done, policy), { code: "CONFIG_INVALID" });
  });
});

describe("a consumer that stops", () => {
  test("takes nothing more, lets what was begun finish, and leaves the rest at the broker", async (t) => {
    const { clock, broker, run, lag, inFlight } = fixture(t);
    const { handle, waiting, end } = gate();
    const consumer = run(handle, { concurrency: 2 });
    await broker.log.append("shop.sold", messages("a", 5));
    await clock.advance(1);
    let stopped = false;
    const stopping = consumer.stop(10_000).then(() => {
      stopped = true;
    });
    await clock.advance(100);
    end("a-0");
    await clock.advance(100);
    assert.deepEqual([waiting(), stopped], [["a-1"], false]);
    end("a-1");
    await stopping;
    assert.deepEqual([await lag(), await inFlight()], [3, 0]);
  });

  test("cancels what does not finish in time, and gives it back uncounted", async (t) => {
    const { clock, broker, run } = fixture(t);
    const slow = gate();
    const consumer = run(slow.handle);
    await broker.log.append("shop.sold", [message("a")]);
    await clock.advance(1);
    const stopping = consumer.stop(1_000);
    await clock.advance(1_000);
    await stopping;
    assert.equal((slow.calls[0]!.cancelled as CantleError).code, "DRAINING");
    const other = gate();
    run(other.handle);
    await clock.advance(1);
    assert.equal(other.calls[0]!.message!.attempt, 1);
  });
});

describe("a message whose consumers died", () => {
  /** Delivers it so many times to somebody who never comes back. */
  async function killed(broker: Broker, clock: VirtualClock, times: number): Promise<void> {
    const seen: Delivery[] = [];
    const consumption = await broker.log.consume("shop.sold", "mail", {
      inFlightMax: 1,
      leaseMs: 100,
      from: { kind: "first" },
      onDelivery: (delivery) => void seen.push(delivery),
    });
    await clock.advance(100 * times - 50);
    assert.equal(seen.length, times);
    await consumption.pause();
    await clock.advance(100);
    await consumption.stop();
  }

  test("is handled with nothing beside it in the whole process, and the neighbours go on after it", async (t) => {
    const { clock, broker, run } = fixture(t);
    await broker.log.append("shop.sold", [message("killer")]);
    await killed(broker, clock, 2);
    const solitude = new Solitude();
    const mail = gate();
    const queue = gate();
    await broker.queue!.send("mail.work", messages("w", 2));
    const worker = runConsumer(
      {
        channel: { kind: "queue", name: "mail.work" },
        group: "mail",
        operation,
        handle: queue.handle,
        policy: { concurrency: 1 },
      },
      { broker, clock, random: seededRandom(4), log: silentLogger, solitude },
    );
    ending(t, worker, clock);
    await clock.advance(1);
    await broker.log.append("shop.sold", messages("a", 3));
    run(mail.handle, {}, { solitude });
    await clock.advance(1);
    // The killer waits for all that was begun before it.
    assert.equal(mail.waiting().includes("killer"), false);
    for (const id of mail.waiting()) mail.end(id);
    queue.end("w-0");
    await clock.advance(1);
    assert.deepEqual([mail.waiting(), queue.waiting()], [["killer"], []]);
    await clock.advance(1_000);
    assert.deepEqual([mail.waiting(), queue.waiting()], [["killer"], []]);
    mail.end("killer");
    await clock.advance(1);
    assert.deepEqual(queue.waiting(), ["w-1"]);
    assert.equal((await broker.log.topics())[0]!.groups[0]!.lag, 0);
  });

  test("is given up unhandled when it came more often than it may", async (t) => {
    const { clock, broker, run, letters } = fixture(t);
    await broker.log.append("shop.sold", [message("killer"), message("a")]);
    await killed(broker, clock, 1);
    await broker.log.seek("shop.sold", "mail", { kind: "first" });
    await killed(broker, clock, 5);
    const { handle, waiting } = gate();
    run(handle, { deliveriesMax: 2 });
    await clock.advance(1);
    const given = (await letters()).map(({ message }) => message.id);
    assert.ok(given.includes("killer"));
    assert.equal((await letters())[0]!.failures.at(-1)!.code, "CONSUMER_GONE");
    assert.equal(waiting().includes("killer"), false);
  });
});
