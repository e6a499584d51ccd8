/**
 * The handlers of the contract `broker` over any broker. Whoever has services makes one of them:
 * `service(brokerContract, { handlers: served.handlers })`.
 */
import type { BaseContext, Handlers } from "@cantle/contract";
import { asCantleError, CantleError, type Clock, type Peer, type Random } from "@cantle/core";
import type { Broker } from "../broker.ts";
import type { Delivery, StoredMessage } from "../delivery.ts";
import type { Queue } from "../queue.ts";
import type { BrokerContract, Consuming, Ended } from "./contract.ts";
import { packStored, unpackMessages } from "./packed.ts";
import { actOn, type BrokerAct, type BrokerPermissions, declaredPermissions } from "./permissions.ts";
import { type Refuse, refusing } from "./refusals.ts";
import { ServedConsumer } from "./served-consumer.ts";

/** What handlers of a broker need. */
export interface BrokerHandlersOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Who may do what; default what contracts declare. */
  readonly permissions?: BrokerPermissions | undefined;
}

/** A broker that answers calls. */
export interface ServedBroker {
  readonly handlers: Handlers<BrokerContract>;
  /** Gives back, uncounted, what consumers have in hand, and ends their streams. Before connections are closed and before the broker is. */
  close(): Promise<void>;
}

/** Makes the handlers of a broker. */
export function brokerHandlers(broker: Broker, options: BrokerHandlersOptions): ServedBroker {
  const consumers = new ServedConsumers(broker, options);
  const asked: Asked = { broker, queue: queueOf(broker), may: options.permissions ?? declaredPermissions };
  return {
    handlers: { ...publishing(asked), ...consuming(asked, consumers), ...looking(asked), ...deadLettersOf(asked) },
    close: () => consumers.close(),
  };
}

/** What each handler asks. */
interface Asked {
  readonly broker: Broker;
  /** Throws where there are no queues. */
  readonly queue: () => Queue;
  readonly may: BrokerPermissions;
}

type All = Handlers<BrokerContract>;
type Refusing = Pick<BaseContext, "peer"> & { readonly fail: Refuse };

/** Does what the peer may do, and refuses as the contract says. */
function allowed<T>({ may }: Asked, context: Refusing, { act, run }: { act: BrokerAct; run: () => Promise<T> }) {
  return refusing(context, async () => {
    may(context.peer, act);
    return run();
  });
}

function publishing(asked: Asked): Pick<All, "facts" | "check" | "append" | "send"> {
  const { broker } = asked;
  return {
    facts: async () => ({ ...broker.facts, queues: broker.queue !== undefined }),
    check: (_input, context) => refusing(context, () => broker.check()),
    append: ({ topic, batch }, context) =>
      allowed(asked, context, {
        act: { kind: "append", topic },
        run: () => broker.log.append(topic, unpackMessages(batch)),
      }),
    send: ({ queue, batch }, context) =>
      allowed(asked, context, {
        act: { kind: "send", queue },
        run: () => asked.queue().send(queue, unpackMessages(batch)),
      }),
  };
}

function consuming(asked: Asked, consumers: ServedConsumers): Pick<All, "consume" | "settle" | "pause" | "leave"> {
  return {
    consume: (input, context) =>
      allowed(asked, context, {
        act:
          input.kind === "topic"
            ? { kind: "group", topic: input.topic, group: input.group }
            : { kind: "own", queue: input.queue },
        run: () => consumers.open(input, context),
      }),
    settle: ({ consumer, acked, others }, context) =>
      refusing(context, () => settle(consumers.find(consumer, context.peer), acked, others)),
    pause: ({ consumer }, context) => refusing(context, async () => consumers.find(consumer, context.peer)?.pause()),
    leave: ({ consumer }, context) => refusing(context, async () => consumers.find(consumer, context.peer)?.leave()),
  };
}

function looking(asked: Asked): Pick<All, "read" | "seek" | "forget" | "topics" | "peek" | "purge" | "queues"> {
  const { log } = asked.broker;
  return {
    read: ({ topic, from, max, beyond }, context) =>
      allowed(asked, context, {
        act: { kind: "read", topic },
        run: async () => {
          if (!beyond) return pageOf(await log.read(topic, { from, max }));
          return pageOf((await log.read(topic, { from, max: max + 1 })).slice(1));
        },
      }),
    seek: ({ topic, group, to }, context) =>
      allowed(asked, context, { act: { kind: "group", topic, group }, run: () => log.seek(topic, group, to) }),
    forget: ({ topic, group }, context) =>
      allowed(asked, context, { act: { kind: "group", topic, group }, run: () => log.forget(topic, group) }),
    topics: (_input, context) =>
      allowed(asked, context, { act: { kind: "list" }, run: async () => ({ topics: await log.topics() }) }),
    peek: ({ queue, max }, context) =>
      allowed(asked, context, {
        act: { kind: "own", queue },
        run: async () => pageOf(await asked.queue().peek(queue, max)),
      }),
    purge: ({ queue }, context) =>
      allowed(asked, context, {
        act: { kind: "own", queue },
        run: async () => ({ count: await asked.queue().purge(queue) }),
      }),
    queues: (_input, context) =>
      allowed(asked, context, { act: { kind: "list" }, run: async () => ({ queues: await asked.queue().queues() }) }),
  };
}

function deadLettersOf(asked: Asked): Pick<All, "deadLetterSources" | "deadLetters" | "redrive" | "remove"> {
  const { deadLetters } = asked.broker;
  return {
    deadLetterSources: (_input, context) =>
      allowed(asked, context, { act: { kind: "list" }, run: async () => ({ sources: await deadLetters.sources() }) }),
    deadLetters: ({ source, max, after }, context) =>
      allowed(asked, context, {
        act: actOn(source),
        run: async () => {
          const read = await deadLetters.read(source, { max, after });
          const count = fitting(read.map(({ message }) => message));
          const letters = read.slice(0, count).map((letter) => ({ ...letter, message: packStored([letter.message]) }));
          return { letters, cut: count < read.length };
        },
      }),
    redrive: ({ source, id }, context) =>
      allowed(asked, context, {
        act: actOn(source),
        run: async () => ({ found: await deadLetters.redrive(source, id) }),
      }),
    remove: ({ source, id }, context) =>
      allowed(asked, context, {
        act: actOn(source),
        run: async () => ({ found: await deadLetters.remove(source, id) }),
      }),
  };
}

function pageOf(messages: readonly StoredMessage[]) {
  const count = fitting(messages);
  return { batch: packStored(messages.slice(0, count)), cut: count < messages.length };
}

/** A page ends before it is so large; one message always fits. */
const pageBytesMax = 1024 * 1024;

/** How many of these go into one reply. */
function fitting(messages: readonly StoredMessage[]): number {
  let bytes = 0;
  const over = messages.findIndex(({ data }, index) => {
    bytes += data.byteLength;
    return index > 0 && bytes > pageBytesMax;
  });
  return over < 0 ? messages.length : over;
}

function queueOf({ queue }: Broker): () => Queue {
  return () => {
    if (queue !== undefined) return queue;
    throw new CantleError("BROKER_UNAVAILABLE", "this broker has topics only");
  };
}

interface Settled {
  readonly lost: number[];
  readonly failed: { readonly number: number; readonly code: string; readonly message: string }[];
}

/** Ends many deliveries; what became of each one that did not go well. */
async function settle(
  consumer: ServedConsumer | undefined,
  acked: readonly number[],
  others: readonly Ended[],
): Promise<Settled> {
  const settled: Settled = { lost: [], failed: [] };
  const endings: Promise<void>[] = [];
  const end = (number: number, act: (delivery: Delivery) => Promise<void>) => {
    const delivery = consumer?.deliveryOf(number);
    if (delivery === undefined) settled.lost.push(number);
    else endings.push(act(delivery).catch((thrown: unknown) => refused(number, thrown)));
  };
  const refused = (number: number, thrown: unknown) => {
    const { code, message } = asCantleError(thrown);
    if (code === "DELIVERY_LOST") settled.lost.push(number);
    else settled.failed.push({ number, code, message });
  };
  for (const number of acked) {
    end(number, ack);
    consumer?.settled(number);
  }
  for (const other of others) {
    end(other.number, (delivery) => endOther(delivery, other));
    if (other.kind !== "extend") consumer?.settled(other.number);
  }
  await Promise.all(endings);
  return settled;
}

const ack = (delivery: Delivery): Promise<void> => delivery.ack();

function endOther(delivery: Delivery, end: Ended): Promise<void> {
  switch (end.kind) {
    case "extend":
      return delivery.extend();
    case "nack":
      return delivery.nack(end.delayMs, end.failure);
    case "bury":
      return delivery.bury(end.failure);
    case "release":
      return delivery.release();
  }
}

/** The consumers of other processes. */
class ServedConsumers {
  readonly #broker: Broker;
  readonly #options: BrokerHandlersOptions;
  readonly #open = new Map<string, ServedConsumer>();
  #isClosed = false;

  constructor(broker: Broker, options: BrokerHandlersOptions) {
    this.#broker = broker;
    this.#options = options;
  }

  async open(input: Consuming, { peer, signal }: Pick<BaseContext, "peer" | "signal">): Promise<ServedConsumer> {
    if (this.#isClosed) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closing");
    const { clock, random } = this.#options;
    const { inFlightMax, leaseMs } = input;
    const id = random.hex(16);
    const died = () => void consumer.died();
    const consumer = new ServedConsumer({
      id,
      owner: peer.service,
      inFlightMax,
      clock,
      onEnd: () => {
        this.#open.delete(id);
        signal.removeEventListener("abort", died);
      },
    });
    this.#open.set(id, consumer);
    const taking = { inFlightMax, leaseMs, onDelivery: (delivery: Delivery) => consumer.receive(delivery) };
    try {
      await consumer.begin(this.#consume(input, taking));
    } catch (error) {
      await consumer.leave();
      throw error;
    }
    if (signal.aborted) await consumer.died();
    else signal.addEventListener("abort", died, { once: true });
    return consumer;
  }

  /** A consumer of this peer; undefined when it is gone. Another's is refused. */
  find(id: string, { service, uses }: Peer): ServedConsumer | undefined {
    const consumer = this.#open.get(id);
    if (consumer === undefined || consumer.owner === service || uses === "*") return consumer;
    throw new CantleError("PEER_REFUSED", `this consumer is not one of '${service}'`);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open.values()].map((consumer) => consumer.leave()));
  }

  #consume(input: Consuming, taking: Parameters<Queue["consume"]>[1]) {
    const { log } = this.#broker;
    if (input.kind === "topic") return log.consume(input.topic, input.group, { ...taking, from: input.from });
    return queueOf(this.#broker)().consume(input.queue, taking);
  }
}
