/**
 * A broker in another process, as a `Broker`: the same port, over the contract `broker`. Messages that are published at once
 * leave in one call, in their order; consumers that lose their connection join again by themselves.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Client, Message } from "@cantle/contract";
import { CantleError, type Clock, type Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Broker, BrokerFacts } from "../broker.ts";
import { checkChannelName, checkGroupName } from "../channel-name.ts";
import type { DeadLetter, DeadLetterPage, DeadLetterSource, DeadLetters } from "../dead-letters.ts";
import type { ConsumeOptions, Consumption, StoredMessage } from "../delivery.ts";
import type { Log, StartAt } from "../log.ts";
import { checkMessages } from "../message-check.ts";
import type { Queue } from "../queue.ts";
import { Batcher } from "./batcher.ts";
import { type BrokerContract, type Consuming, remoteMessageBytesMax } from "./contract.ts";
import { packMessages, unpackStored } from "./packed.ts";
import { refusalOf } from "./refusals.ts";
import { openRemoteConsumption, type RemoteConsumption } from "./remote-consumption.ts";

/** What a remote broker needs of its process. */
export interface RemoteBrokerOptions {
  /** Calls in the name of the service whose broker this is. */
  readonly client: Client<BrokerContract>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Reaches a broker and learns what it can do. Throws `BROKER_UNAVAILABLE` when it is away, `PEER_REFUSED` when it is not for us. */
export async function openRemoteBroker(options: RemoteBrokerOptions): Promise<Broker> {
  const { queues, messageBytesMax, ...more } = await options.client.facts().catch(throwRefusal);
  const facts: BrokerFacts = { ...more, messageBytesMax: Math.min(messageBytesMax, remoteMessageBytesMax) };
  const remote = new Remote(options, facts);
  return {
    facts,
    log: logOf(remote),
    queue: queues ? queueOf(remote) : undefined,
    deadLetters: deadLettersOf(remote),
    check: () => remote.ask((client) => client.check()),
    close: () => remote.close(),
  };
}

function throwRefusal(error: unknown): never {
  throw refusalOf(error);
}

/** A call carries so many bytes of data, or one message; so many may wait for each channel. */
const batchBytesMax = 1024 * 1024;
const waitingBytesMax = 64 * 1024 * 1024;
/** What a message weighs besides its data. */
const overheadBytes = 128;

class Remote {
  readonly #options: RemoteBrokerOptions;
  readonly #facts: BrokerFacts;
  readonly #batchers = new Map<string, Batcher<Message, void>>();
  readonly #consumptions = new Set<RemoteConsumption>();
  readonly #inOwnContext = AsyncLocalStorage.snapshot();
  #isOpen = true;

  constructor(options: RemoteBrokerOptions, facts: BrokerFacts) {
    this.#options = options;
    this.#facts = facts;
  }

  /** Makes a call, and throws what the broker threw. */
  async ask<T>(call: (client: Client<BrokerContract>) => Promise<T>): Promise<T> {
    this.checkOpen();
    return call(this.#options.client).catch(throwRefusal);
  }

  checkOpen(): void {
    if (!this.#isOpen) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closed");
  }

  async publish(kind: "topic" | "queue", name: string, messages: readonly Message[]): Promise<void> {
    this.checkOpen();
    checkChannelName(name);
    checkMessages(messages, this.#facts.messageBytesMax);
    const key = `${kind} ${name}`;
    const batcher = this.#batchers.get(key) ?? this.#inOwnContext(() => this.#batcherOf(kind, name));
    this.#batchers.set(key, batcher);
    try {
      await batcher.add(messages);
    } finally {
      if (batcher.isIdle && this.#batchers.get(key) === batcher) this.#batchers.delete(key);
    }
  }

  async consume(consuming: Consuming, onDelivery: ConsumeOptions["onDelivery"]): Promise<Consumption> {
    this.checkOpen();
    const consumption = await openRemoteConsumption({
      ...this.#options,
      consuming,
      onDelivery,
      onStop: () => void this.#consumptions.delete(consumption),
    });
    this.#consumptions.add(consumption);
    if (!this.#isOpen) await consumption.stop();
    return consumption;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all([...this.#consumptions].map((consumption) => consumption.stop()));
  }

  #batcherOf(kind: "topic" | "queue", name: string): Batcher<Message, void> {
    const { client } = this.#options;
    return new Batcher<Message, void>({
      send: async (messages) => {
        const batch = packMessages(messages);
        await (kind === "topic" ? client.append({ topic: name, batch }) : client.send({ queue: name, batch })).catch(
          throwRefusal,
        );
        return [];
      },
      weightOf: ({ data }) => data.byteLength + overheadBytes,
      weightMax: batchBytesMax,
      waitingWeightMax: waitingBytesMax,
      full: () => new CantleError("BROKER_UNAVAILABLE", "too many messages wait for the broker"),
    });
  }
}

function logOf(remote: Remote): Log {
  return {
    append: (topic, messages) => remote.publish("topic", topic, messages),
    consume: async (topic, group, { from, inFlightMax, leaseMs, onDelivery }) => {
      checkChannelName(topic);
      checkGroupName(group);
      return remote.consume({ kind: "topic", topic, group, from, inFlightMax, leaseMs }, onDelivery);
    },
    read: (topic, { from, max }) => readPages(remote, { topic, from, max }),
    seek: (topic, group, to) => remote.ask((client) => client.seek({ topic, group, to })),
    forget: (topic, group) => remote.ask((client) => client.forget({ topic, group })),
    topics: async () => (await remote.ask((client) => client.topics())).topics,
  };
}

function queueOf(remote: Remote): Queue {
  return {
    send: (queue, messages) => remote.publish("queue", queue, messages),
    consume: async (queue, { inFlightMax, leaseMs, onDelivery }) => {
      checkChannelName(queue);
      return remote.consume({ kind: "queue", queue, inFlightMax, leaseMs }, onDelivery);
    },
    peek: async (queue, max) => unpackStored((await remote.ask((client) => client.peek({ queue, max }))).batch),
    purge: async (queue) => (await remote.ask((client) => client.purge({ queue }))).count,
    queues: async () => (await remote.ask((client) => client.queues())).queues,
  };
}

function deadLettersOf(remote: Remote): DeadLetters {
  return {
    sources: async () => (await remote.ask((client) => client.deadLetterSources())).sources,
    read: (source, page) => readLetters(remote, source, page),
    redrive: async (source, id) => (await remote.ask((client) => client.redrive({ source, id }))).found,
    remove: async (source, id) => (await remote.ask((client) => client.remove({ source, id }))).found,
  };
}

/** Reads on until it has what was asked for, as a reply holds only so much. */
async function readPages(
  remote: Remote,
  { topic, from, max }: { readonly topic: string; readonly from: StartAt; readonly max: number },
): Promise<StoredMessage[]> {
  const all: StoredMessage[] = [];
  for (let start = from; ; start = { kind: "position", position: (all.at(-1) as StoredMessage).position }) {
    const count = Math.min(pageMax, max - all.length);
    const { batch, cut } = await remote.ask((client) =>
      client.read({ topic, from: start, max: count, beyond: all.length > 0 }),
    );
    const page = unpackStored(batch);
    all.push(...page);
    if (all.length >= max || (!cut && page.length < count)) return all;
  }
}

async function readLetters(remote: Remote, source: DeadLetterSource, page: DeadLetterPage): Promise<DeadLetter[]> {
  const all: DeadLetter[] = [];
  for (let { after } = page; ; after = all.at(-1)?.id) {
    const max = Math.min(pageMax, page.max - all.length);
    const { letters, cut } = await remote.ask((client) =>
      client.deadLetters({ source, max, ...(after !== undefined && { after }) }),
    );
    for (const { message, ...letter } of letters)
      all.push({ ...letter, message: unpackStored(message)[0] as StoredMessage });
    if (all.length >= page.max || (!cut && letters.length < pageMax)) return all;
  }
}

/** The most that the contract lets one call ask for. */
const pageMax = 10_000;
