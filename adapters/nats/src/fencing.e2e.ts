/** A process that was stopped, and wakes up when others have its work: it must not end what is not its own any more. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { delay, systemClock, systemRandom } from "@cantle/core";
import type { Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { nats } from "./engine.ts";
import { missing, TestServer } from "./test-server.ts";

const skip = missing;

interface Said {
  readonly word: string;
  readonly id?: string;
  readonly attempt?: number;
  readonly code?: string;
}

/** The other process. */
class Worker {
  readonly said: Said[] = [];
  readonly #child: ChildProcess;

  constructor(t: TestContext, args: readonly string[]) {
    const program = fileURLToPath(new URL("./test-worker.ts", import.meta.url));
    const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    createInterface({ input: child.stdout! }).on("line", (line) => this.said.push(JSON.parse(line) as Said));
    t.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    });
  }

  order(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  stop(): void {
    this.#child.kill("SIGSTOP");
  }

  wake(): void {
    this.#child.kill("SIGCONT");
  }

  async says(word: string): Promise<Said> {
    await until(`the other process says ${word}`, () => this.said.some((each) => each.word === word));
    return this.said.find((each) => each.word === word) as Said;
  }
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.nowMs() + 50_000;
  while (!(await isSo())) {
    if (systemClock.nowMs() > endMs) throw new RangeError(`waited in vain: ${what}`);
    await delay(systemClock, 5);
  }
}

async function start(t: TestContext) {
  const server = await TestServer.start();
  t.after(() => server.remove());
  const broker = await nats.open({ url: server.url, clock: systemClock, random: systemRandom(), log: silentLogger });
  t.after(() => broker.close());
  const taken: Delivery[] = [];
  const options = { inFlightMax: 10, leaseMs: 120_000, onDelivery: (delivery: Delivery) => void taken.push(delivery) };
  return { url: server.url, broker, taken, options };
}

function message(id: string) {
  const data = new TextEncoder().encode(JSON.stringify(id));
  return { id, source: "shop", time: "2026-01-02T03:04:05.678Z", data };
}

test("a worker of a queue that slept over its lease ends nothing any more", { skip }, async (t) => {
  const { url, broker, taken, options } = await start(t);
  const { queue } = broker;
  assert.ok(queue);
  const sleeper = new Worker(t, [url, "queue", "1000"]);
  await sleeper.says("ready");
  await queue.send("shop.notices", [message("a")]);
  assert.equal((await sleeper.says("taken")).attempt, 1);
  sleeper.stop();
  await queue.consume("shop.notices", options);
  await until("somebody else has it", () => taken.length === 1);
  assert.deepEqual([taken[0]?.attempt, taken[0]?.failures.at(-1)?.code], [2, "CONSUMER_GONE"]);
  sleeper.wake();
  sleeper.order("ack");
  assert.equal((await sleeper.says("refused")).code, "DELIVERY_LOST");
  await taken[0]?.ack();
});

test("what a worker finds in its socket when it wakes up is given to nobody", { skip }, async (t) => {
  const { url, broker, taken, options } = await start(t);
  const { queue } = broker;
  assert.ok(queue);
  const sleeper = new Worker(t, [url, "queue", "1000"]);
  await sleeper.says("ready");
  // It has taken and ended one, so its next request waits on the server.
  await queue.send("shop.notices", [message("a")]);
  await sleeper.says("taken");
  sleeper.order("ack");
  await sleeper.says("acked");
  sleeper.order("say idle");
  await sleeper.says("idle");
  sleeper.stop();
  await queue.send("shop.notices", [message("b")]);
  await queue.consume("shop.notices", options);
  await until("somebody else has it", () => taken.length === 1);
  sleeper.wake();
  sleeper.order("say awake");
  await sleeper.says("awake");
  assert.deepEqual(
    sleeper.said.filter(({ word }) => word === "taken").map(({ id }) => id),
    ["a"],
  );
  await taken[0]?.ack();
});

test("an owner of a group that slept loses it, also within its lease", { skip }, async (t) => {
  const { url, broker, taken, options } = await start(t);
  const sleeper = new Worker(t, [url, "topic", "100000"]);
  await sleeper.says("ready");
  await broker.log.append("shop.sold", [message("a"), message("b")]);
  await sleeper.says("taken");
  await broker.log.consume("shop.sold", "notices", { ...options, from: { kind: "first" } });
  sleeper.stop();
  await until("the other owns the group", () => taken.length === 1);
  // What the sleeper has is left to it for its lease; what it has not begun is not.
  assert.equal(taken[0]?.message.id, "b");
  sleeper.wake();
  sleeper.order("ack");
  assert.equal((await sleeper.says("refused")).code, "DELIVERY_LOST");
});
