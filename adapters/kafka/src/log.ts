/** The port of topics on Kafka: a topic is a topic, a group a consumer group (`group.ts`). */
import type { Message } from "@cantle/contract";
import { checkChannelName, checkGroupName, checkMessages, type Log } from "@cantle/messaging";
import { headersOf, type Outgoing } from "./cloud-event.ts";
import { type Connection, ensureTopic } from "./connection.ts";
import type { KafkaDeadLetters } from "./dead-letters.ts";
import { translated } from "./errors.ts";
import { Group } from "./group.ts";
import type { PartitionOf } from "./partition-of.ts";
import type { Publisher } from "./publisher.ts";
import type { Reader } from "./reader.ts";
import { storedMessageOf } from "./records.ts";
import { topicFacts } from "./topic-facts.ts";

/** What a log is told. */
export interface LogOptions {
  readonly publisher: Publisher;
  readonly reader: Reader;
  readonly deadLetters: KafkaDeadLetters;
  readonly messageBytesMax: number;
  readonly partitionOf: PartitionOf;
}

/** Topics of one broker. */
export class KafkaLog implements Log {
  readonly #connection: Connection;
  readonly #options: LogOptions;
  readonly #groups = new Map<string, Promise<Group>>();

  constructor(connection: Connection, options: LogOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  append: Log["append"] = async (topic, messages) => {
    checkChannelName(topic);
    checkMessages(messages, this.#options.messageBytesMax);
    this.#connection.assertOpen();
    const name = this.#connection.names.topic(topic);
    await translated(() =>
      this.#options.publisher.publish(messages.map((message) => this.#outgoing(message, topic, name))),
    );
  };

  consume: Log["consume"] = async (topic, name, { from, ...options }) => {
    this.#check(topic, name);
    return translated(async () => {
      const key = `${topic} ${name}`;
      const { reader, deadLetters } = this.#options;
      const opening = this.#groups.get(key) ?? Group.open(this.#connection, { topic, name, from, reader, deadLetters });
      this.#groups.set(key, opening);
      opening.catch(() => this.#groups.delete(key));
      const group = await opening;
      const consumption = group.consume(options);
      return {
        pause: () => consumption.pause(),
        stop: async () => {
          await consumption.stop();
          if (group.memberCount > 0 || this.#groups.get(key) !== opening) return;
          this.#groups.delete(key);
          await group.close();
        },
      };
    });
  };

  read: Log["read"] = async (topic, { from, max }) => {
    checkChannelName(topic);
    this.#connection.assertOpen();
    return translated(async () => {
      const records = await this.#options.reader.read(this.#connection.names.topic(topic), from, max);
      return records.map(storedMessageOf);
    });
  };

  seek: Log["seek"] = async (topic, name, to) => {
    this.#check(topic, name);
    await translated(async () => {
      const { admin, names } = this.#connection;
      const of = names.topic(topic);
      await ensureTopic(this.#connection, of);
      const starts = await this.#options.reader.startOf(of, to);
      const group = await this.#groups.get(`${topic} ${name}`);
      if (group !== undefined) return group.seek(starts);
      const partitionOffsets = starts.map((offset, partition) => ({ partition, offset }));
      const groupId = names.group(topic, name);
      await admin.alterConsumerGroupOffsets({ groupId, topics: [{ name: of, partitionOffsets }] });
    });
  };

  forget: Log["forget"] = async (topic, name) => {
    this.#check(topic, name);
    await translated(() =>
      this.#connection.admin.deleteGroups({ groups: [this.#connection.names.group(topic, name)] }),
    );
  };

  topics: Log["topics"] = async () => {
    this.#connection.assertOpen();
    return translated(async () => {
      const here = await Promise.allSettled(this.#groups.values());
      const groups = here.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      return topicFacts(this.#connection, this.#options.reader, groups);
    });
  };

  /** Gives everything back. */
  async close(): Promise<void> {
    const groups = await Promise.allSettled(this.#groups.values());
    this.#groups.clear();
    await Promise.all(groups.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  }

  #check(topic: string, group: string): void {
    checkChannelName(topic);
    checkGroupName(group);
    this.#connection.assertOpen();
  }

  #outgoing(message: Message, channel: string, topic: string): Outgoing {
    return {
      topic,
      partition: this.#options.partitionOf(message, channel),
      ...(message.key !== undefined && { key: Buffer.from(message.key) }),
      value: Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength),
      headers: headersOf(message, channel),
    };
  }
}
