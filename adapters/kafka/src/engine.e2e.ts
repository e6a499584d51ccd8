/** What this engine promises beyond the suite: several partitions and brokers, other clients, and what is left after a restart. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type TestContext, test } from "node:test";
import { delay, systemClock, systemRandom } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createKafkaEngine, kafka } from "./engine.ts";
import { missing, TestCluster } from "./test-cluster.ts";

const skip = missing;
const leaseMs = 120_000;

async function serve(t: TestContext): Promise<TestCluster> {
  const cluster = await TestCluster.start(3);
  t.after(() => cluster.remove());
  return cluster;
}

async function open(t: TestContext, { url }: { readonly url: string }, engine = kafka): Promise<Broker> {
  const broker = await engine.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
  t.after(() => broker.close());
  return broker;
}

function message(id: string, more: { readonly key?: string } = {}) {
  const data = new TextEncoder().encode(JSON.stringify(id));
  return { id, source: "shop", time: "2026-01-02T03:04:05.678Z", data, ...more };
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.nowMs() + 50_000;
  while (!(await isSo())) {
    if (systemClock.nowMs() > endMs) throw new RangeError(`waited in vain: ${what}`);
    await delay(systemClock, 5);
  }
}

/** Runs kcat, a client of another make, to its end; answers with what it printed. */
async function kcat(args: readonly string[], input = ""): Promise<string> {
  const child = spawn("kcat", args, { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.end(input);
  let printed = "";
  for await (const chunk of child.stdout) printed += chunk;
  return printed;
}

test("keys keep their order over partitions and cluster nodes, and when the group goes to another process", {
  skip,
}, async (t) => {
  const cluster = await serve(t);
  const brokers = await Promise.all([open(t, cluster), open(t, cluster)]);
  const handled = brokers.map((): string[] => []);
  const latest = new Map<string, number>();
  const wrong: string[] = [];
  const take = (index: number) =>
    brokers[index]?.log.consume("shop.sold", "notices", {
      inFlightMax: 4,
      leaseMs,
      from: { kind: "first" },
      onDelivery: async (delivery) => {
        const { id, key = "" } = delivery.message;
        const number = Number(id.split("-")[1]);
        if (number !== (latest.get(key) ?? -1) + 1) wrong.push(id);
        latest.set(key, number);
        await delivery.ack();
        handled[index]?.push(id);
      },
    });
  const publish = (from: number) => {
    const keys = Array.from("abcdefghij");
    const batch = Array.from({ length: 20 }, (_, at) => keys.map((key) => message(`${key}-${from + at}`, { key })));
    return brokers[0]?.log.append("shop.sold", batch.flat());
  };
  await publish(0);
  const first = await Promise.all([take(0), take(0)]);
  await until("the first process has all", () => handled[0]?.length === 200);
  await Promise.all(first.map((each) => each?.stop()));
  await publish(20);
  await take(1);
  await until("the other process has the rest", () => handled[1]?.length === 200);
  assert.deepEqual(wrong, []);
});

test("after a restart what is done up to the first that is not stays done, and the rest comes again", {
  skip,
}, async (t) => {
  const cluster = await serve(t);
  const engine = createKafkaEngine({ partitionOf: () => 0 });
  const before = await open(t, cluster, engine);
  await before.log.append(
    "shop.sold",
    ["a", "b", "c", "d"].map((id) => message(id)),
  );
  const taken: Delivery[] = [];
  const options = { inFlightMax: 10, leaseMs, from: { kind: "first" } } as const;
  await before.log.consume("shop.sold", "notices", { ...options, onDelivery: (delivery) => void taken.push(delivery) });
  await until("all taken", () => taken.length === 4);
  for (const at of [0, 1, 3]) await taken[at]?.ack();
  await before.close();
  const after = await open(t, cluster, engine);
  const again: string[] = [];
  await after.log.consume("shop.sold", "notices", {
    ...options,
    onDelivery: ({ message: { id } }) => void again.push(id),
  });
  await until("two again", () => again.length === 2);
  assert.deepEqual(again, ["c", "d"]);
});

test("another client reads CloudEvents, and what it writes is read", { skip }, async (t) => {
  const cluster = await serve(t);
  const broker = await open(t, cluster);
  await broker.log.append(
    "shop.sold",
    [message("ä", { key: "k" })].map((each) => ({ ...each, id: "a" })),
  );
  const at = ["-b", cluster.servers, "-t", "shop.sold"];
  const [line = ""] = (await kcat(["-C", "-e", "-q", "-J", ...at])).split("\n");
  const seen = JSON.parse(line) as { key: string; payload: string; headers: readonly string[] };
  assert.deepEqual([seen.key, seen.payload], ["k", '"ä"']);
  const header = (name: string) => seen.headers[seen.headers.indexOf(name) + 1];
  assert.deepEqual(["ce_specversion", "ce_id", "ce_type", "ce_source", "content-type"].map(header), [
    "1.0",
    "a",
    "shop.sold",
    "shop",
    "application/json",
  ]);
  await kcat(["-P", "-k", "other", ...at], "1");
  const all = await broker.log.read("shop.sold", { from: { kind: "first" }, max: 10 });
  const foreign = all.find(({ id }) => id !== "a");
  assert.deepEqual(
    [foreign?.id, foreign?.key, foreign?.source, Buffer.from(foreign?.data ?? []).toString()],
    [foreign?.position, "other", "unknown", "1"],
  );
});

test("a cluster that is not there is said to be unavailable, also when it goes away", { skip }, async (t) => {
  const cluster = await serve(t);
  const broker = await open(t, cluster);
  await broker.log.append("shop.sold", [message("a")]);
  const gone = { url: cluster.url };
  await cluster.remove();
  const refused = { code: "BROKER_UNAVAILABLE" };
  await assert.rejects(broker.log.append("shop.sold", [message("b")]), refused);
  await assert.rejects(broker.check(), refused);
  await assert.rejects(open(t, gone), refused);
});
