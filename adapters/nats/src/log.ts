/** The port of topics on JetStream: a stream for each topic, and groups that keep their own books (see `ownership.ts`). */
import {
  checkChannelName,
  checkGroupName,
  checkMessages,
  type GroupFacts,
  type Log,
  type ReadOptions,
  type StartAt,
  type StoredMessage,
  type TopicFacts,
} from "@cantle/messaging";
import type { StreamInfo } from "@nats-io/jetstream";
import { Attempts } from "./attempts.ts";
import { headersOf, messageOf } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";
import { isApiError, translated } from "./errors.ts";
import { answerAlive, Group } from "./group.ts";
import { GroupRecords } from "./group-record.ts";
import { Puller } from "./pull.ts";
import { nextMessage } from "./stored.ts";
import type { TopicStreams } from "./streams.ts";
import { addReader, highOf, startOf } from "./topic-reader.ts";

/** Topics of one broker. */
export class NatsLog implements Log {
  readonly #connection: Connection;
  readonly #topics: TopicStreams;
  readonly #messageBytesMax: number;
  readonly #records: GroupRecords;
  readonly #attempts: Attempts;
  readonly #groups = new Map<string, Group>();

  constructor(connection: Connection, options: { readonly topics: TopicStreams; readonly messageBytesMax: number }) {
    this.#connection = connection;
    this.#topics = options.topics;
    this.#messageBytesMax = options.messageBytesMax;
    this.#records = new GroupRecords(connection);
    this.#attempts = new Attempts(connection);
    answerAlive(connection, (topic, group) => this.#groups.get(`${topic} ${group}`)?.isOurs ?? false);
  }

  append: Log["append"] = async (topic, messages) => {
    checkChannelName(topic);
    checkMessages(messages, this.#messageBytesMax);
    this.#connection.assertOpen();
    const subject = this.#connection.names.topicSubject(topic);
    const outgoing = (index: number) => {
      const message = messages[index] as (typeof messages)[number];
      return { subject, headers: headersOf(message, topic, message.id), data: message.data };
    };
    await translated(() =>
      this.#topics.with(topic, () => this.#connection.publisher.publish(messages.length, outgoing)),
    );
  };

  consume: Log["consume"] = async (topic, name, { from, ...options }) => {
    this.#check(topic, name);
    const key = `${topic} ${name}`;
    return translated(async () => {
      await this.#topics.ensure(topic);
      const known = this.#groups.get(key);
      const group =
        known ?? new Group(this.#connection, { topic, name, from, records: this.#records, attempts: this.#attempts });
      this.#groups.set(key, group);
      const consumption = await group.join(options);
      return {
        pause: () => consumption.pause(),
        stop: async () => {
          await consumption.stop();
          if (group.memberCount > 0 || this.#groups.get(key) !== group) return;
          this.#groups.delete(key);
          await group.close();
        },
      };
    });
  };

  read: Log["read"] = async (topic, options) => {
    checkChannelName(topic);
    this.#connection.assertOpen();
    try {
      return await translated(() => this.#read(topic, options));
    } catch (error) {
      if (error instanceof Error && isApiError(error.cause, "streamNotFound")) return [];
      throw error;
    }
  };

  seek: Log["seek"] = async (topic, name, to) => {
    this.#check(topic, name);
    await translated(async () => {
      await this.#topics.ensure(topic);
      await this.#replace(topic, name, to);
      await this.#attempts.remove({ kind: "topic", name: topic, group: name }, "*");
      await this.#changed(topic, name);
    });
  };

  forget: Log["forget"] = async (topic, name) => {
    this.#check(topic, name);
    await translated(async () => {
      await this.#records.remove(topic, name);
      await this.#attempts.remove({ kind: "topic", name: topic, group: name }, "*");
      await this.#changed(topic, name);
    });
  };

  topics: Log["topics"] = async () => {
    this.#connection.assertOpen();
    return translated(async () => {
      const { jsm, names } = this.#connection;
      const facts: TopicFacts[] = [];
      for await (const info of jsm.streams.list(names.topicSubjects())) {
        const topic = topicOf(info, names.prefix);
        if (topic !== undefined) facts.push(await this.#factsOf(topic, info));
      }
      return facts;
    });
  };

  /** Gives everything back. */
  async close(): Promise<void> {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    await Promise.all(groups.map((group) => group.close()));
  }

  #check(topic: string, group: string): void {
    checkChannelName(topic);
    checkGroupName(group);
    this.#connection.assertOpen();
  }

  async #read(topic: string, { from, max }: ReadOptions): Promise<readonly StoredMessage[]> {
    const { names, jsm } = this.#connection;
    const stream = names.topicStream(topic);
    const found: StoredMessage[] = [];
    const { name } = await addReader(this.#connection, topic, {
      ...startOf(from),
      filter_subject: names.topicSubject(topic),
    });
    const puller = new Puller(this.#connection, {
      stream,
      consumer: name,
      onMessage: ({ message, sequence }) => {
        const position = String(sequence);
        found.push({ ...messageOf(message.headers, message.data, position), position });
      },
    });
    try {
      while (
        found.length < max &&
        (await puller.pull({ messagesMax: Math.min(256, max - found.length) })) === "filled"
      );
    } finally {
      puller.close();
      await jsm.consumers.delete(stream, name);
    }
    return found;
  }

  /** Writes a record that begins elsewhere and that nobody owns; whoever owned the group learns of it at its next write. */
  async #replace(topic: string, group: string, to: StartAt): Promise<void> {
    const high = await highOf(this.#connection, topic, to);
    for (let written: number | undefined; written === undefined; ) {
      const stored = await this.#records.read(topic, group);
      const leaseMs = stored?.record.leaseMs ?? 0;
      const record = { owner: "", leaseMs, high, open: [] };
      written = await this.#records.write(topic, group, { record, revision: stored?.revision ?? 0 });
    }
  }

  /** Lets every broker look at the record, this one before it goes on. */
  async #changed(topic: string, name: string): Promise<void> {
    const subject = this.#connection.names.noticeSubject(topic, name);
    this.#connection.nc.publish(subject);
    await this.#groups.get(`${topic} ${name}`)?.settle();
  }

  async #factsOf(topic: string, info: StreamInfo): Promise<TopicFacts> {
    const groups = await this.#records.list(topic);
    const facts = await Promise.all(groups.map((group) => this.#groupFacts(topic, group, info)));
    return { topic, messages: info.state.messages, bytes: info.state.bytes, groups: facts.flat() };
  }

  async #groupFacts(topic: string, group: string, { state }: StreamInfo): Promise<GroupFacts[]> {
    const stored = await this.#records.read(topic, group);
    if (stored === undefined) return [];
    const { high, open } = stored.record;
    const after = Math.min(state.messages, Math.max(0, state.last_seq - Math.max(high, state.first_seq - 1)));
    const lag = after + open.length;
    const inFlight = open.filter((each) => each.state.kind === "held").length;
    const sequence = open[0]?.sequence ?? high + 1;
    const { names, clock } = this.#connection;
    const oldest =
      lag === 0
        ? undefined
        : await nextMessage(this.#connection, names.topicStream(topic), {
            sequence,
            subject: names.topicSubjects(topic),
          });
    const oldestMs = oldest === undefined ? 0 : Math.max(0, clock.wallMs() - oldest.time.getTime());
    return [{ group, lag, inFlight, oldestMs }];
  }
}

/** The topic that a stream keeps; undefined for somebody else's. */
function topicOf({ config }: StreamInfo, prefix: string): string | undefined {
  const [subject = ""] = config.subjects;
  const parts = subject.split(".");
  return parts.length === 5 && parts[0] === prefix && parts[1] === "topic" ? `${parts[2]}.${parts[3]}` : undefined;
}
