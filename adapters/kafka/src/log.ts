/** The port of topics on Kafka: a topic is a topic, a group a consumer group (`group.ts`). */
import type { Message } from "@cantle/contract";
import {
  checkChannelName,
  checkGroupName,
  checkMessages,
  type GroupFacts,
  type Log,
  type TopicFacts,
} from "@cantle/messaging";
import { headersOf, type Outgoing } from "./cloud-event.ts";
import { type Connection, describeTopic, ensureTopic } from "./connection.ts";
import type { KafkaDeadLetters } from "./dead-letters.ts";
import { isUnsupported, translated } from "./errors.ts";
import { Group } from "./group.ts";
import type { PartitionOf } from "./partition-of.ts";
import type { Publisher } from "./publisher.ts";
import type { Reader } from "./reader.ts";
import { storedMessageOf } from "./records.ts";

const sampleMax = 20;
const recordBytes = 70;

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
    await translated(() => this.#connection.admin.deleteGroups({ groups: [this.#connection.names.group(topic, name)] }));
  };

  topics: Log["topics"] = async () => {
    this.#connection.assertOpen();
    return translated(async () => {
      const { admin, names } = this.#connection;
      const [all, groups] = await Promise.all([admin.listTopics(), this.#listGroups()]);
      const topics = all.flatMap((name) => names.topicOf(name) ?? []);
      return Promise.all(topics.map((topic) => this.#factsOf(topic, groups)));
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

  /** The names of all groups of the cluster; of ours alone, where the broker does not tell. */
  async #listGroups(): Promise<readonly string[]> {
    const ours = [...this.#groups.keys()].map((key) => {
      const [topic = "", group = ""] = key.split(" ");
      return this.#connection.names.group(topic, group);
    });
    try {
      const found = await this.#connection.admin.listGroups();
      return [...new Set([...ours, ...found.keys()])];
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      return ours;
    }
  }

  async #factsOf(topic: string, groups: readonly string[]): Promise<TopicFacts> {
    const { reader } = this.#options;
    const name = this.#connection.names.topic(topic);
    const [first, end] = await Promise.all([reader.first(name), reader.end(name)]);
    const messages = end.reduce((sum, each, index) => sum + Number(each - (first[index] ?? 0n)), 0);
    const mine = groups.flatMap((each) => this.#connection.names.groupOf(each, topic) ?? []);
    return {
      topic,
      messages,
      bytes: messages === 0 ? 0 : messages * (await this.#bytesEach(name)),
      groups: await Promise.all(mine.map((group) => this.#groupFacts(topic, group, end))),
    };
  }

  /** What a message weighs, from some of them: brokers tell the size of a disk, not of a topic. */
  async #bytesEach(name: string): Promise<number> {
    const sample = await this.#options.reader.read(name, { kind: "first" }, sampleMax);
    const bytes = sample.reduce((sum, { value }) => sum + recordBytes + (value?.byteLength ?? 0), 0);
    return sample.length === 0 ? recordBytes : Math.ceil(bytes / sample.length);
  }

  async #groupFacts(topic: string, group: string, ends: readonly bigint[]): Promise<GroupFacts> {
    const { admin, names, clock } = this.#connection;
    const here = await this.#groups.get(`${topic} ${group}`);
    const facts = here?.facts();
    const name = names.topic(topic);
    const again = names.again(topic, group);
    const againEnds = (await describeTopic(admin, again)) === undefined ? [] : await this.#options.reader.end(again);
    const committed = await this.#committed(names.group(topic, group));
    let lag = 0;
    for (const [of, end] of [...ends.map((each) => [name, each] as const).entries(), ...againEnds.map((each) => [again, each] as const).entries()].map(
      ([partition, [at, offset]]) => [{ topic: at, partition }, offset] as const,
    )) {
      const open = facts?.openCountOf(of);
      const from = open === undefined ? (committed.get(`${of.topic}:${of.partition}`) ?? 0n) : (here?.nextIn(of) ?? end);
      lag += Number(end > from ? end - from : 0n) + (open ?? 0);
    }
    const oldestMs = facts?.oldestAtMs === undefined || lag === 0 ? 0 : Math.max(0, clock.wallMs() - facts.oldestAtMs);
    return { group, lag, inFlight: facts?.inFlight ?? 0, oldestMs };
  }

  /** What a group has written down, by `topic:partition`; nothing where the broker does not tell. */
  async #committed(groupId: string): Promise<ReadonlyMap<string, bigint>> {
    const found = new Map<string, bigint>();
    try {
      const groups = await this.#connection.admin.listConsumerGroupOffsets({ groups: [groupId] });
      for (const { topics } of groups)
        for (const { name, partitions } of topics)
          for (const { partitionIndex, committedOffset } of partitions)
            if (committedOffset >= 0n) found.set(`${name}:${partitionIndex}`, committedOffset);
    } catch (error) {
      if (!isUnsupported(error)) throw error;
    }
    return found;
  }
}
