/**
 * The streams that everything is kept in. One that is missing is made; one that is there is taken as it is, so that an operator
 * may give it other limits, another storage or more copies.
 */
import { delay } from "@cantle/core";
import type { StreamConfig, StreamInfo } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { isApiError, isNobodyThere } from "./errors.ts";

const attemptsKeptMs = 30 * 24 * 3_600_000;
const nanosPerMs = 1_000_000;
/** How often a stream is looked for that somebody else seems to be making, and the first pause; each is longer by that. */
const attemptsMax = 5;
const waitMs = 20;

type Wanted = Pick<StreamConfig, "name" | "subjects"> & Partial<StreamConfig>;

/** The streams that every broker has. */
export interface Streams {
  readonly queues: StreamInfo;
  readonly deadLetters: StreamInfo;
}

/** Makes those that are missing. */
export async function openStreams(connection: Connection): Promise<Streams> {
  const { names } = connection;
  const { prefix } = names;
  const [queues, deadLetters] = await Promise.all([
    // A full queue refuses what is new: what was acknowledged is not pushed out by it.
    ensured(connection, {
      name: names.queues,
      subjects: [`${prefix}.queue.>`],
      retention: "workqueue",
      discard: "new",
    }),
    ensured(connection, { name: names.deadLetters, subjects: [`${prefix}.dead.>`], discard: "new" }),
    ensured(connection, { name: names.groups, subjects: [`${prefix}.group.>`], max_msgs_per_subject: 1 }),
    ensured(connection, {
      name: names.attempts,
      subjects: [`${prefix}.attempt.>`],
      max_msgs_per_subject: 1,
      max_age: attemptsKeptMs * nanosPerMs,
    }),
  ]);
  return { queues, deadLetters };
}

/** The streams of topics, made when they are first needed. */
export class TopicStreams {
  readonly #connection: Connection;
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Resolves when the topic has a stream. */
  async ensure(topic: string): Promise<void> {
    const known = this.#known.get(topic) ?? this.#make(topic);
    this.#known.set(topic, known);
    try {
      await known;
    } catch (error) {
      this.#known.delete(topic);
      throw error;
    }
  }

  /** Runs what needs the stream; once more when somebody has deleted it meanwhile. */
  async with<Result>(topic: string, task: () => Promise<Result>): Promise<Result> {
    await this.ensure(topic);
    try {
      return await task();
    } catch (error) {
      if (!isNobodyThere(error) && !isApiError(error, "streamNotFound")) throw error;
      this.#known.delete(topic);
      await this.ensure(topic);
      return task();
    }
  }

  #make(topic: string): Promise<unknown> {
    const { names, location } = this.#connection;
    return ensured(this.#connection, {
      name: names.topicStream(topic),
      subjects: [names.topicSubjects(topic)],
      max_age: location.keepMs * nanosPerMs,
    });
  }
}

/** Two brokers may make the same stream at once: what the server then says depends on how far it was with the other one. */
async function ensured(connection: Connection, wanted: Wanted): Promise<StreamInfo> {
  const { jsm, location, clock } = connection;
  const { storage, replicasCount } = location;
  for (let attempts = 1; ; attempts++) {
    try {
      return await jsm.streams.info(wanted.name);
    } catch (error) {
      if (!isApiError(error, "streamNotFound")) throw error;
    }
    try {
      return await jsm.streams.add({ storage, num_replicas: replicasCount, allow_direct: true, ...wanted });
    } catch (error) {
      const isMadeMeanwhile = isApiError(error, "streamNameInUse") || isApiError(error, "subjectsOverlap");
      // Or somebody else's stream has our subjects, and will have them the next time, too.
      if (!isMadeMeanwhile || attempts === attemptsMax) throw error;
      await delay(clock, attempts * waitMs);
    }
  }
}
