/**
 * Processes that die at any moment, take their messages with them and come back; a message that kills whoever has it; handlers
 * that fail by chance. On virtual time, from a seed that a failure names.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, delivering, event } from "@cantle/contract";
import { type Handler, type Random, seededRandom, type VirtualClock, virtualClock } from "@cantle/core";
import { silentLogger as log } from "@cantle/telemetry";
import { z } from "zod";
import type { Broker } from "./broker.ts";
import { message } from "./conformance/subject.ts";
import { runConsumer } from "./consumer.ts";
import type { Consumption } from "./delivery.ts";
import { openMemoryBroker } from "./memory.ts";
import { Solitude } from "./solitude.ts";

const shop = contract("shop", { version: "1.0.0", operations: {}, events: { sold: event(z.string()) } });
const operation = delivering(shop.events.sold, { service: "mail", version: "1.0.0", timeoutMs: 30_000 });
const channel = { kind: "topic", name: "shop.sold" } as const;
const keyCount = 10;
const eachMax = 12;
const killer = "k3-5";
const deliveriesMax = 8;

interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly broker: Broker;
  /** By message id, how often it was handled to its end. */
  readonly handled: Map<string, number>;
  /** Messages that may go ahead of those behind them: handled or given up. */
  readonly isOver: (id: string) => boolean;
  readonly wrong: string[];
}

/** A process with two consumers of one group; dies at random moments and comes back a while later. */
class Process {
  readonly #world: World;
  #life = 0;
  #consumptions: Consumption[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    const { clock, random, broker } = this.#world;
    const life = ++this.#life;
    const solitude = new Solitude();
    const connected = this.#connected(broker, () => this.#life === life);
    const inHand = new Set<string>();
    const policy = { concurrency: 4, deliveriesMax, leaseMs: 1_000, backOff: { firstMs: 20, maxMs: 200 } };
    for (const _ of [1, 2]) {
      const handle = this.#handler(() => this.#life === life, inHand);
      runConsumer(
        { channel, group: "mail", operation, handle, policy },
        { broker: connected, clock, random, log, solitude },
      );
    }
    clock.after(500 + random.next() * 5_000, () => this.#life === life && this.die());
  }

  die(): void {
    this.#life += 1;
    // The broker notices that the connection is gone; what was in hand stays so until its lease is over.
    for (const consumption of this.#consumptions.splice(0)) void consumption.pause();
    this.#world.clock.after(100 + this.#world.random.next() * 1_000, () => this.start());
  }

  /** The broker as long as the process lives; after that nothing it does arrives. */
  #connected(broker: Broker, isAlive: () => boolean): Broker {
    const dead = () => new Promise<never>(() => {});
    return {
      ...broker,
      log: {
        ...broker.log,
        consume: async (topic, group, options) => {
          if (!isAlive()) return dead();
          const consumption = await broker.log.consume(topic, group, {
            ...options,
            onDelivery: (delivery) => {
              if (!isAlive()) return;
              const { message, attempt, failures } = delivery;
              const through =
                <A extends readonly unknown[]>(end: (...args: A) => Promise<void>) =>
                (...args: A) =>
                  isAlive() ? end(...args) : dead();
              options.onDelivery({
                message,
                attempt,
                failures,
                ack: through(() => delivery.ack()),
                nack: through((delayMs, failure) => delivery.nack(delayMs, failure)),
                bury: through((failure) => delivery.bury(failure)),
                release: through(() => delivery.release()),
                extend: through(() => delivery.extend()),
              });
            },
          });
          this.#consumptions.push(consumption);
          return consumption;
        },
      },
    };
  }

  #handler(isAlive: () => boolean, inHand: Set<string>): Handler {
    const { clock, random, handled, isOver, wrong } = this.#world;
    return async (call) => {
      const { id, key = "", attempt } = call.message!;
      inHand.add(id);
      for (let before = 0; before < Number(id.split("-")[1]); before++)
        if (!isOver(`${key}-${before}`)) wrong.push(`${id} before ${key}-${before}`);
      await new Promise<void>((resolve) => void clock.after(1 + random.next() * 60, resolve));
      if (!isAlive()) return new Promise(() => {});
      // Twice it took along whoever was there; from then on it is alone.
      if (id === killer && attempt > 2 && inHand.size > 1) wrong.push(`${[...inHand]} at attempt ${attempt}`);
      inHand.delete(id);
      if (id === killer) {
        this.die();
        return new Promise(() => {});
      }
      if (random.next() < 0.1) throw new RangeError("by chance");
      handled.set(id, (handled.get(id) ?? 0) + 1);
      return { kind: "value", value: undefined };
    };
  }
}

async function live(seed: number): Promise<void> {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const broker = openMemoryBroker({ clock });
  const source = { ...channel, group: "mail" };
  const handled = new Map<string, number>();
  const wrong: string[] = [];
  const world: World = { clock, random, broker, handled, wrong, isOver: (id) => handled.has(id) || id === killer };
  for (let count = 0; count < 3; count++) new Process(world).start();
  const ids: string[] = [];
  for (let at = 0; at < eachMax; at++) {
    const batch = Array.from({ length: keyCount }, (_, key) => message(`k${key}-${at}`, { key: `k${key}` }));
    ids.push(...batch.map(({ id }) => id));
    await broker.log.append(channel.name, batch);
    await clock.advance(300);
  }
  for (let round = 0; round < 600; round++) {
    await clock.advance(250);
    if ((await broker.log.topics())[0]?.groups[0]?.lag === 0) break;
  }
  const letters = await broker.deadLetters.read(source, { max: 100 });
  await broker.close();
  assert.deepEqual(wrong, [], `seed ${seed}`);
  assert.deepEqual(
    letters.map(({ message }) => message.id),
    [killer],
    `seed ${seed}: dead letters`,
  );
  assert.equal(letters[0]?.failures.at(-1)?.code, "CONSUMER_GONE", `seed ${seed}`);
  assert.deepEqual([...handled.keys()].sort(), ids.filter((id) => id !== killer).sort(), `seed ${seed}: handled`);
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  test(`whoever dies, every message is handled, in order by key, and only the killer is given up (seed ${seed})`, () =>
    live(seed));
