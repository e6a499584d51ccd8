/**
 * A broker that is cut off before every single step that it takes on its disk: killed, or without power. Segments are tiny, so that all of
 * it happens again and again: rotation, cleaning, retention, compaction. From whatever is left it must start by itself, with everything
 * that was acknowledged and nothing that was acked.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@cantle/contract";
import { type Clock, type Random, seededRandom, virtualClock } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { MemoryFiles, memoryFolder } from "./journal/memory-files.ts";

const limits = {
  segmentBytes: 2_000,
  recentBytesMax: 0,
  reserveBytes: 512,
  handsBytes: 2_000,
  retentionBytes: 3_000,
  dedupIdsMax: 20,
};
const [queue, topic] = ["shop.work", "shop.news"];

interface Ground {
  readonly random: Random;
  readonly clock: Clock;
}

function open(files: MemoryFiles, { random, clock }: Ground): Promise<Broker> {
  const engine = createSegmentLog(limits, files);
  return engine.open({ url: `segment-log:${memoryFolder}`, clock, random, log: silentLogger });
}

/** What was promised to whom, at one moment. */
interface Promises {
  /** Acknowledged to its publisher, and nobody has begun to ack it: in the queue, or a dead letter. */
  readonly there: Set<string>;
  /** Its end is durable. */
  readonly gone: Set<string>;
}

/** Publishes, and ends what comes in every way, by chance; answers with what holds at each moment. */
class Scenario {
  readonly there = new Set<string>();
  readonly gone = new Set<string>();
  readonly #broker: Broker;
  readonly #random: Random;
  readonly #work = new Set<Promise<void>>();
  #serial = 0;

  constructor(broker: Broker, random: Random) {
    this.#broker = broker;
    this.#random = random;
  }

  promises(): Promises {
    return { there: new Set(this.there), gone: new Set(this.gone) };
  }

  async run(rounds: number, advance: (ms: number) => Promise<void>): Promise<void> {
    const onDelivery = (delivery: Delivery) => this.#keep(this.#end(delivery));
    const options = { inFlightMax: 4, leaseMs: 60_000, onDelivery };
    await this.#broker.queue?.consume(queue, options);
    await this.#broker.log.consume(topic, "readers", { ...options, from: { kind: "first" } });
    for (let round = 0; round < rounds; round++) {
      const messages = Array.from({ length: 1 + Math.floor(this.#random.next() * 4) }, () => this.#message());
      const isQueue = this.#random.next() < 0.7;
      this.#keep(this.#publish(messages, isQueue));
      // Now and then it is time to tidy up.
      await advance(this.#random.next() < 0.2 ? 5_000 : 10);
      if (this.#random.next() < 0.3) await Promise.all(this.#work);
    }
    await Promise.all(this.#work);
  }

  async #publish(messages: Message[], isQueue: boolean): Promise<void> {
    if (isQueue) await this.#broker.queue?.send(queue, messages);
    else await this.#broker.log.append(topic, messages);
    // What was delivered before its publisher heard of it may be ended already.
    if (isQueue) for (const { id } of messages) if (!this.gone.has(id) && !this.#ending.has(id)) this.there.add(id);
  }

  readonly #ending = new Set<string>();

  async #end(delivery: Delivery): Promise<void> {
    const { id } = delivery.message;
    const fate = this.#random.next();
    const failure = { code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00.000Z" };
    if (fate < 0.15) return delivery.release();
    if (fate < 0.3) return delivery.nack(this.#random.next() < 0.5 ? 0 : 60_000, failure);
    if (fate < 0.4) return delivery.bury(failure);
    this.there.delete(id);
    this.#ending.add(id);
    await delivery.ack();
    this.gone.add(id);
  }

  #message(): Message {
    this.#serial += 1;
    const data = Buffer.alloc(20 + Math.floor(this.#random.next() * 300), 0x61);
    return { id: `m-${this.#serial}`, source: "shop", time: "2026-01-01T00:00:00.000Z", data };
  }

  #keep(work: Promise<void>): void {
    const kept = work.finally(() => this.#work.delete(kept));
    this.#work.add(kept);
  }
}

async function check(broker: Broker, { there, gone }: Promises): Promise<void> {
  const letters = await broker.deadLetters.read({ kind: "queue", name: queue }, { max: 10_000 });
  const waiting = (await broker.queue?.peek(queue, 10_000)) ?? [];
  const found = [...waiting, ...letters.map(({ message }) => message)];
  const ids = new Set(found.map(({ id }) => id));
  for (const id of there) assert.ok(ids.has(id), `${id} was acknowledged and is lost`);
  for (const id of gone) assert.ok(!ids.has(id), `${id} was acked and is there again`);
  for (const { data } of found) assert.ok(data.every((byte) => byte === 0x61));
  await broker.log.read(topic, { from: { kind: "first" }, max: 10_000 });
}

for (const seed of [1, 2, 3]) {
  test(`cut off before every step of its disk, it loses nothing and starts by itself (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const clock = virtualClock();
    const ground = { random, clock };
    const files = new MemoryFiles();
    const broker = await open(files, ground);
    const scenario = new Scenario(broker, random);
    const states: { files: MemoryFiles; promises: Promises; how: string }[] = [];
    let step = 0;
    files.onStep = ({ act, path }) => {
      step += 1;
      const promises = scenario.promises();
      const how = `step ${step}: ${act} ${path}`;
      if (step % 3 === seed % 3) states.push({ files: files.afterKill(), promises, how: `${how}, killed` });
      else states.push({ files: files.afterPowerCut(random), promises, how: `${how}, power cut` });
    };
    await scenario.run(60, clock.advance);
    await broker.close();
    files.onStep = () => {};
    const segments = files.paths().filter((path) => path.endsWith(".segment"));
    assert.ok(
      segments.every((path) => path > `${memoryFolder}/0000000005.segment`),
      "there was cleaning",
    );
    for (const state of states) {
      try {
        const after = await open(state.files, ground);
        await check(after, state.promises);
        await after.close();
        // And once more from what that left.
        const again = await open(state.files, ground);
        await check(again, state.promises);
        await again.close();
      } catch (error) {
        throw new Error(`after ${state.how}`, { cause: error });
      }
    }
  });
}
