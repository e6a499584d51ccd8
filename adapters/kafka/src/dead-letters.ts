/**
 * Dead letters: a compacted topic for each group of a topic. A letter is a record with its id as the key; removing one writes a
 * record with that key and no value, as compaction has it. They are read from the beginning each time: they are for people, and few.
 */

import { CantleError } from "@cantle/core";
import {
  type AttemptFailure,
  checkChannelName,
  checkGroupName,
  type DeadLetter,
  type DeadLetterSource,
  type DeadLetters,
  type StoredMessage,
} from "@cantle/messaging";
import { header, headersOf, messageOf, type Outgoing } from "./cloud-event.ts";
import { type Connection, ensureTopic } from "./connection.ts";
import { translated } from "./errors.ts";
import type { Publisher } from "./publisher.ts";
import type { Reader } from "./reader.ts";
import type { FoundRecord } from "./records.ts";

const lettersMax = 100_000;
/** All of them in one partition: they are few, and only there they are in the order in which they came. */
const partition = 0;

/** What was given up, and after what. */
export interface GivenUp {
  /** Where it was; a message that is given up there again replaces itself. */
  readonly id: string;
  readonly message: StoredMessage;
  readonly attempts: number;
  readonly failures: readonly AttemptFailure[];
}

/** The dead letters of one broker. */
export class KafkaDeadLetters implements DeadLetters {
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #reader: Reader;

  constructor(
    connection: Connection,
    { publisher, reader }: { readonly publisher: Publisher; readonly reader: Reader },
  ) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#reader = reader;
  }

  /** Keeps a message that was given up. */
  async add(source: DeadLetterSource, { id, message, attempts, failures }: GivenUp): Promise<void> {
    const topic = this.#connection.names.deadLetters(source);
    await ensureTopic(this.#connection, topic, { compacted: true });
    const more = {
      cantle_attempts: String(attempts),
      cantle_failures: JSON.stringify(failures),
      cantle_at: new Date(this.#connection.clock.wallMs()).toISOString(),
      cantle_position: message.position,
      ...(message.key !== undefined && { cantle_key: message.key }),
    };
    const headers = headersOf(message, source.name);
    for (const [name, value] of Object.entries(more)) headers.set(...header(name, value));
    await this.#publisher.publish([
      { topic, partition, key: Buffer.from(id), value: Buffer.from(message.data), headers },
    ]);
  }

  sources: DeadLetters["sources"] = () => {
    return translated(async () => {
      this.#connection.assertOpen();
      const { admin, names, clock } = this.#connection;
      const sources = (await admin.listTopics()).flatMap((name) => names.sourceOf(name) ?? []);
      const all = await Promise.all(sources.map(async (source) => ({ source, letters: await this.#letters(source) })));
      return all.flatMap(({ source, letters }) => {
        const [oldest] = letters;
        if (oldest === undefined) return [];
        const oldestMs = Math.max(0, clock.wallMs() - Date.parse(oldest.at));
        return [{ source, count: letters.length, oldestMs }];
      });
    });
  };

  read: DeadLetters["read"] = async (source, { max, after }) => {
    this.#check(source);
    return translated(async () => {
      const letters = await this.#letters(source);
      const from = after === undefined ? 0 : letters.findIndex(({ id }) => id === after) + 1;
      return letters.slice(from, from + max);
    });
  };

  redrive: DeadLetters["redrive"] = async (source, id) => {
    this.#check(source);
    return translated(async () => {
      const letter = (await this.#letters(source)).find((each) => each.id === id);
      if (letter === undefined) return false;
      const { message } = letter;
      const topic = this.#connection.names.again(source.name, source.group as string);
      await ensureTopic(this.#connection, topic);
      await this.#publisher.publish([
        {
          topic,
          ...(message.key !== undefined && { key: Buffer.from(message.key) }),
          value: Buffer.from(message.data),
          headers: headersOf(message, source.name),
        },
      ]);
      await this.#tombstone(source, id);
      return true;
    });
  };

  remove: DeadLetters["remove"] = async (source, id) => {
    this.#check(source);
    return translated(async () => {
      const isThere = (await this.#letters(source)).some((each) => each.id === id);
      if (isThere) await this.#tombstone(source, id);
      return isThere;
    });
  };

  #check(source: DeadLetterSource): void {
    this.#connection.assertOpen();
    checkChannelName(source.name);
    if (source.kind === "queue") throw new CantleError("CHANNEL_UNKNOWN", "Kafka has no queues");
    checkGroupName(source.group ?? "");
  }

  async #tombstone(source: DeadLetterSource, id: string): Promise<void> {
    const tombstone: Outgoing = { topic: this.#connection.names.deadLetters(source), partition, key: Buffer.from(id) };
    await this.#publisher.publish([tombstone]);
  }

  /** Those that are there, oldest first. */
  async #letters(source: DeadLetterSource): Promise<readonly DeadLetter[]> {
    const topic = this.#connection.names.deadLetters(source);
    const letters = new Map<string, DeadLetter>();
    for (const record of await this.#reader.read(topic, { kind: "first" }, lettersMax)) {
      const id = record.key?.toString() ?? "";
      letters.delete(id);
      if (record.value !== null && record.value.byteLength + record.headers.size > 0)
        letters.set(id, letterOf(id, record));
    }
    return [...letters.values()];
  }
}

function letterOf(id: string, { headers, value }: FoundRecord): DeadLetter {
  const position = headers.get("cantle_position") ?? "";
  const key = headers.get("cantle_key");
  const message = messageOf(headers, { key: key === undefined ? null : Buffer.from(key), value, position });
  return {
    id,
    message: { ...message, position },
    attempts: Number(headers.get("cantle_attempts")),
    failures: JSON.parse(headers.get("cantle_failures") ?? "[]") as AttemptFailure[],
    at: headers.get("cantle_at") ?? "",
  };
}
