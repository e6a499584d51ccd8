/**
 * The engine in memory: everything a broker does, and nothing of it survives the process. For tests, for the placement `one`
 * on a laptop, and as the model that other engines are held against.
 *
 * A topic keeps its messages while there is room; then the oldest that no group waits for go first. What some group still
 * waits for is never dropped: publishers get `BROKER_FULL` instead, and consumers go on.
 */
import { CantleError, type Clock } from "@cantle/core";
import { type Broker, type BrokerEngine, type BrokerFacts, type BrokerOptions, messageBytesDefault } from "./broker.ts";
import { checkChannelName, checkGroupName } from "./channel-name.ts";
import type { DeadLetterSource, DeadLetters } from "./dead-letters.ts";
import type { Log } from "./log.ts";
import { checkSource, DeadLetterBox } from "./memory/dead-letter-box.ts";
import { MemoryQueue } from "./memory/queue.ts";
import { type MemoryLimits, memoryLimitsDefault, Room, type Store } from "./memory/store.ts";
import { MemoryTopic } from "./memory/topic.ts";
import { checkMessages } from "./message-check.ts";
import type { Queue } from "./queue.ts";

/** Opens brokers in memory, each its own. */
export const memoryBroker: BrokerEngine = {
  open: async (options) => openMemoryBroker(options),
};

/** Opens one, with limits of its own. */
export function openMemoryBroker(
  options: Pick<BrokerOptions, "clock" | "messageBytesMax">,
  limits: Partial<MemoryLimits> = {},
): Broker {
  const broker = new MemoryBroker(options.clock, { ...memoryLimitsDefault, ...limits });
  const facts: BrokerFacts = {
    product: "Cantle, in memory",
    version: "1",
    durable: "nothing",
    orderedByKey: true,
    keepsFailures: true,
    delays: true,
    priorities: true,
    dedupWindowMs: broker.limits.dedupWindowMs,
    messageBytesMax: options.messageBytesMax ?? messageBytesDefault,
  };
  return {
    facts,
    log: logOf(broker, facts),
    queue: queueOf(broker, facts),
    deadLetters: deadLettersOf(broker),
    check: async () => broker.checkOpen(),
    close: async () => broker.close(),
  };
}

/** The topics and queues of one broker. */
class MemoryBroker implements Store {
  readonly clock: Clock;
  readonly limits: MemoryLimits;
  readonly room: Room;
  readonly deadLetters: DeadLetterBox;
  readonly topics = new Map<string, MemoryTopic>();
  readonly queues = new Map<string, MemoryQueue>();
  #isOpen = true;

  constructor(clock: Clock, limits: MemoryLimits) {
    this.clock = clock;
    this.limits = limits;
    this.deadLetters = new DeadLetterBox(clock);
    this.room = new Room(limits.bytesMax, () => {
      for (const topic of this.topics.values()) topic.trim();
    });
  }

  checkOpen(): void {
    if (!this.#isOpen) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closed");
  }

  topic(name: string): MemoryTopic {
    this.checkOpen();
    checkChannelName(name);
    const topic = this.topics.get(name) ?? new MemoryTopic(this, name);
    this.topics.set(name, topic);
    return topic;
  }

  queue(name: string): MemoryQueue {
    this.checkOpen();
    checkChannelName(name);
    const queue = this.queues.get(name) ?? new MemoryQueue(this, name);
    this.queues.set(name, queue);
    return queue;
  }

  close(): void {
    this.#isOpen = false;
    for (const topic of this.topics.values()) for (const group of topic.groups.values()) group.close();
    for (const queue of this.queues.values()) queue.close();
  }
}

function logOf(broker: MemoryBroker, { messageBytesMax }: BrokerFacts): Log {
  /** To look, without making it. */
  const known = (name: string) => {
    broker.checkOpen();
    checkChannelName(name);
    return broker.topics.get(name);
  };
  return {
    append: async (topic, messages) => {
      checkMessages(messages, messageBytesMax);
      broker.topic(topic).append(messages);
    },
    consume: async (topic, group, { from, ...options }) => {
      checkGroupName(group);
      return broker.topic(topic).group(group, from).consume(options);
    },
    read: async (topic, { from, max }) => known(topic)?.read(from, max) ?? [],
    seek: async (topic, name, to) => {
      checkGroupName(name);
      const found = broker.topic(topic);
      found.group(name, to).seek(found.sequenceAt(to));
    },
    forget: async (topic, name) => {
      checkGroupName(name);
      const groups = known(topic)?.groups;
      groups?.get(name)?.close();
      groups?.delete(name);
    },
    topics: async () => {
      broker.checkOpen();
      return [...broker.topics.values()].map((topic) => topic.facts());
    },
  };
}

function queueOf(broker: MemoryBroker, { messageBytesMax }: BrokerFacts): Queue {
  const known = (name: string) => {
    broker.checkOpen();
    checkChannelName(name);
    return broker.queues.get(name);
  };
  return {
    send: async (queue, messages) => {
      checkMessages(messages, messageBytesMax);
      broker.queue(queue).send(messages);
    },
    consume: async (queue, options) => broker.queue(queue).consume(options),
    peek: async (queue, max) => known(queue)?.peek(max) ?? [],
    purge: async (queue) => known(queue)?.purge() ?? 0,
    queues: async () => {
      broker.checkOpen();
      return [...broker.queues.values()].map((queue) => queue.facts());
    },
  };
}

function deadLettersOf(broker: MemoryBroker): DeadLetters {
  const checked = (source: DeadLetterSource) => {
    broker.checkOpen();
    checkSource(source);
    return broker.deadLetters;
  };
  return {
    sources: async () => {
      broker.checkOpen();
      return broker.deadLetters.facts();
    },
    read: async (source, page) => checked(source).read(source, page),
    redrive: async (source, id) => {
      const letter = checked(source).take(source, id);
      if (letter === undefined) return false;
      if (source.kind === "queue") broker.queue(source.name).redrive(letter.message);
      else {
        const topic = broker.topic(source.name);
        topic.group(source.group as string, { kind: "new" }).redrive(letter.message);
      }
      return true;
    },
    remove: async (source, id) => checked(source).take(source, id) !== undefined,
  };
}
