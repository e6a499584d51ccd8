/** What this engine promises beyond the suite: other clients, broken connections, crashes of the server, and who is who. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { delay, isCantleError, systemClock, systemRandom } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { createLogger, silentLogger } from "@cantle/telemetry";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { nats } from "./engine.ts";
import { missing, TestServer } from "./test-server.ts";

const skip = missing;
const leaseMs = 120_000;

async function serve(t: TestContext, config = ""): Promise<TestServer> {
  const server = await TestServer.start(config);
  t.after(() => server.remove());
  return server;
}

async function open(t: TestContext, url: string): Promise<Broker> {
  const broker = await nats.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
  t.after(() => broker.close());
  return broker;
}

function message(id: string, more: { readonly key?: string } = {}) {
  const data = new TextEncoder().encode(JSON.stringify(id));
  return { id, source: "shop", time: "2026-01-02T03:04:05.678Z", data, ...more };
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.nowMs() + 40_000;
  while (!(await isSo())) {
    if (systemClock.nowMs() > endMs) throw new RangeError(`waited in vain: ${what}`);
    await delay(systemClock, 5);
  }
}

/** Acks everything, and keeps what it was. */
function taking(taken: string[]): { inFlightMax: number; leaseMs: number; onDelivery: (delivery: Delivery) => void } {
  return {
    inFlightMax: 10,
    leaseMs,
    onDelivery: (delivery) => {
      taken.push(delivery.message.id);
      delivery.ack().catch(() => {});
    },
  };
}

test("another client of the server reads CloudEvents, and what it writes is read", { skip }, async (t) => {
  const server = await serve(t);
  const broker = await open(t, server.url);
  const nc = await connect({ servers: server.address });
  t.after(() => nc.close());
  await broker.log.append("shop.sold", [message("a", { key: "k" })]);
  const jsm = await jetstreamManager(nc);
  const stored = await jsm.streams.getMessage("cantle-topic-shop=sold", { seq: 1 });
  assert.deepEqual(
    ["ce-id", "ce-type", "ce-partitionkey", "content-type"].map((name) => stored?.header.get(name)),
    ["a", "shop.sold", "k", "application/json"],
  );
  assert.equal(stored?.string(), '"a"');
  await jsm.jetstream().publish("cantle.topic.shop.sold._", "1");
  const [, foreign] = await broker.log.read("shop.sold", { from: { kind: "first" }, max: 10 });
  assert.deepEqual([foreign?.id, foreign?.source, Buffer.from(foreign?.data ?? []).toString()], ["2", "unknown", "1"]);
});

test("streams that an operator made or changed are taken as they are", { skip }, async (t) => {
  const server = await serve(t);
  await (await open(t, server.url)).close();
  const nc = await connect({ servers: server.address });
  t.after(() => nc.close());
  const jsm = await jetstreamManager(nc);
  await jsm.streams.update("cantle-queues", { max_msgs: 3, duplicate_window: 60_000 * 1_000_000 });
  const broker = await open(t, server.url);
  assert.equal(broker.facts.dedupWindowMs, 60_000);
  const { queue } = broker;
  assert.ok(queue);
  await queue.send("shop.notices", [message("a"), message("b"), message("c")]);
  await assert.rejects(queue.send("shop.notices", [message("d")]), { code: "BROKER_FULL" });
  const taken: string[] = [];
  await queue.consume("shop.notices", taking(taken));
  await until("three taken", () => taken.length === 3);
  await until("room", () =>
    queue.send("shop.notices", [message("e")]).then(
      () => true,
      () => false,
    ),
  );
  await until("the rest taken", () => taken.length === 4);
  assert.deepEqual(taken, ["a", "b", "c", "e"]);
});

test("while the server is away publishers are told so in time; when it is back everything goes on", {
  skip,
}, async (t) => {
  const server = await serve(t);
  const broker = await open(t, server.url);
  const { queue, log } = broker;
  assert.ok(queue);
  const topic: string[] = [];
  const work: string[] = [];
  await log.consume("shop.sold", "notices", { ...taking(topic), from: { kind: "first" } });
  await queue.consume("shop.notices", taking(work));
  await log.append("shop.sold", [message("a")]);
  await queue.send("shop.notices", [message("a")]);
  await until("both taken", () => topic.length === 1 && work.length === 1);
  await server.end();
  const refused = { code: "BROKER_UNAVAILABLE" };
  await Promise.all([
    assert.rejects(log.append("shop.sold", [message("lost")]), refused),
    assert.rejects(queue.send("shop.notices", [message("lost")]), refused),
    assert.rejects(broker.check(), refused),
  ]);
  await server.restart();
  await until("the broker works", () =>
    broker.check().then(
      () => true,
      () => false,
    ),
  );
  await log.append("shop.sold", [message("b")]);
  await queue.send("shop.notices", [message("b")]);
  await until("both taken", () => topic.includes("b") && work.includes("b"));
  // What was taken and acked may come again, for the server writes such things down a little later. Nothing else may.
  assert.deepEqual([new Set(topic), new Set(work)], [new Set(["a", "b"]), new Set(["a", "b"])]);
});

test("no acknowledged message is lost when the server is killed in the middle of publishing", { skip }, async (t) => {
  const server = await serve(t);
  const broker = await open(t, server.url);
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    let isOver = false;
    const publish = async (name: string) => {
      for (let at = 0; !isOver; at++) {
        const batch = Array.from({ length: 20 }, (_, index) => message(`${round}-${name}-${at}-${index}`));
        try {
          await broker.log.append("shop.sold", batch);
          acknowledged.push(...batch.map(({ id }) => id));
        } catch (error) {
          assert.ok(isCantleError(error) && error.code === "BROKER_UNAVAILABLE");
          return;
        }
      }
    };
    const before = acknowledged.length;
    const publishing = ["a", "b", "c"].map(publish);
    await until("something acknowledged", () => acknowledged.length > before + 200);
    await server.end("SIGKILL");
    isOver = true;
    await server.restart();
    await Promise.all(publishing);
    await until("the broker works", () =>
      broker.check().then(
        () => true,
        () => false,
      ),
    );
  }
  const stored = new Set<string>();
  for (let position = "1"; ; ) {
    const page = await broker.log.read("shop.sold", { from: { kind: "position", position }, max: 1_000 });
    for (const { id } of page) stored.add(id);
    const last = page.at(-1)?.position ?? position;
    if (last === position) break;
    position = last;
  }
  assert.deepEqual(
    acknowledged.filter((id) => !stored.has(id)),
    [],
  );
});

test("many brokers may open at once on a server that is new", { skip }, async (t) => {
  const server = await serve(t);
  const all = await Promise.all(Array.from({ length: 12 }, () => open(t, server.url)));
  await Promise.all(all.map((broker, index) => broker.log.append("shop.sold", [message(`m-${index}`)])));
});

test("brokers share the work of a queue; of a group one has it, and hands it over when it leaves", {
  skip,
}, async (t) => {
  const server = await serve(t);
  const [one, other] = await Promise.all([open(t, server.url), open(t, server.url)]);
  const work: string[][] = [[], []];
  await one.queue?.consume("shop.notices", { ...taking(work[0]!), inFlightMax: 1 });
  await other.queue?.consume("shop.notices", { ...taking(work[1]!), inFlightMax: 1 });
  await one.queue?.send(
    "shop.notices",
    Array.from({ length: 200 }, (_, index) => message(`w-${index}`)),
  );
  await until("all taken", () => work.flat().length === 200);
  assert.equal(new Set(work.flat()).size, 200);
  assert.ok(work.every((each) => each.length > 0));

  const topic: string[][] = [[], []];
  const first = await one.log.consume("shop.sold", "notices", { ...taking(topic[0]!), from: { kind: "first" } });
  await other.log.consume("shop.sold", "notices", { ...taking(topic[1]!), from: { kind: "first" } });
  await one.log.append("shop.sold", [message("a"), message("b")]);
  await until("taken by the owner", () => topic[0]!.length === 2);
  await first.stop();
  await one.log.append("shop.sold", [message("c")]);
  await until("taken by the other", () => topic[1]!.length === 1);
  assert.deepEqual(topic, [["a", "b"], ["c"]]);
});

test("a user and a password let in; a wrong one is refused, and shown nowhere", { skip }, async (t) => {
  const server = await serve(t, 'authorization { user: "shop", password: "r1ght" }');
  const broker = await open(t, `nats://shop:r1ght@${server.address}`);
  await broker.check();
  const said: unknown[] = [];
  const log = createLogger((...record) => void said.push(record));
  const options = { url: `nats://shop:wr0ng@${server.address}`, clock: systemClock, random: systemRandom(), log };
  await assert.rejects(nats.open(options), (error) => {
    assert.ok(isCantleError(error) && error.code === "BROKER_UNAVAILABLE");
    assert.match(error.message, /does not let this user/);
    assert.doesNotMatch(inspect([error, said], { depth: 10 }), /wr0ng/);
    return true;
  });
});

test("what the README says a user must be allowed is enough", { skip }, async (t) => {
  const allowed = '["cantle.>", "$JS.API.>", "$JS.ACK.>", "_INBOX.>"]';
  const permissions = `{ publish: ${allowed}, subscribe: ${allowed} }`;
  const server = await serve(t, `authorization { users: [{ user: "a", password: "b", permissions: ${permissions} }] }`);
  const broker = await open(t, `nats://a:b@${server.address}`);
  const topic: string[] = [];
  const work: string[] = [];
  await broker.log.consume("shop.sold", "notices", { ...taking(topic), from: { kind: "first" } });
  await broker.queue?.consume("shop.notices", taking(work));
  await broker.log.append("shop.sold", [message("a")]);
  await broker.queue?.send("shop.notices", [message("a")]);
  await until("both taken", () => topic.length === 1 && work.length === 1);
  assert.deepEqual(await broker.deadLetters.sources(), []);
  await until("all acked", async () => (await broker.log.topics())[0]?.groups[0]?.lag === 0);
});

test("opening warns of what a power cut may take, and says what is so", { skip }, async (t) => {
  const server = await serve(t);
  const said: string[] = [];
  const log = createLogger((level, text) => void said.push(`${level}: ${text}`));
  const broker = await nats.open({ url: server.url, clock: systemClock, random: systemRandom(), log });
  t.after(() => broker.close());
  assert.equal(broker.facts.durable, "crash");
  assert.match(broker.facts.version, /^\d+\.\d+/);
  assert.deepEqual(said, ["warn: the broker may lose acknowledged messages in a power cut"]);
});

test("a server that is not there, or has no JetStream, is said to be unavailable", { skip }, async (t) => {
  const options = { clock: systemClock, random: systemRandom(), log: silentLogger };
  const server = await serve(t);
  const { url } = server;
  await server.end();
  await assert.rejects(nats.open({ ...options, url }), { code: "BROKER_UNAVAILABLE" });
});
