/**
 * Reads a topic from a place on, in order and without gaps, for as long as somebody is hungry. It uses a consumer of the server
 * that keeps no books and lives in memory; whenever anything is odd about it (a gap, a broken connection, no answer), it makes
 * another one that begins where this one got to.
 */
import { delay } from "@cantle/core";
import type { StartAt } from "@cantle/messaging";
import { type ConsumerConfig, type ConsumerInfo, DeliverPolicy } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { type Pulled, Puller } from "./pull.ts";
import { positionOf, timeOf } from "./start-at.ts";

const messagesMax = 256;
const bytesMax = 4 * 1024 * 1024;
const waitMs = 20_000;
const idleMs = 60_000;
const pauseMs = 250;
const nanosPerMs = 1_000_000;

/** What a reader is told. */
export interface ReaderOptions {
  readonly topic: string;
  /** The first message to read. */
  readonly from: { readonly sequence: number };
  /** How many more messages are wanted now; 0 to wait until `wake`. */
  readonly hunger: () => number;
  readonly onMessage: (pulled: Pulled) => void;
}

/** Reads until it is closed. */
export class TopicReader {
  readonly #connection: Connection;
  readonly #options: ReaderOptions;
  readonly #stopWatching: () => void;
  #next: number;
  #puller: Puller | undefined;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(connection: Connection, options: ReaderOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#next = options.from.sequence;
    this.#stopWatching = connection.link.watch({ mended: () => this.#puller?.abandon() });
    void this.#run();
  }

  /** Somebody is hungry again. */
  wake(): void {
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    this.#puller?.close();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#read();
      } catch (error) {
        if (this.#isClosed) return;
        this.#connection.log.debug("a topic cannot be read just now", { topic: this.#options.topic, error });
      }
      if (!this.#isClosed) await delay(this.#connection.clock, pauseMs);
    }
  }

  /** Reads with one consumer, until there is something odd about it. */
  async #read(): Promise<void> {
    const { names, jsm } = this.#connection;
    const stream = names.topicStream(this.#options.topic);
    const start: Partial<ConsumerConfig> = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#next };
    const { name } = await addReader(this.#connection, this.#options.topic, start);
    let placeNext = 1;
    let isWhole = true;
    const onMessage = (pulled: Pulled) => {
      isWhole &&= pulled.place === placeNext;
      if (!isWhole || this.#isClosed) return;
      placeNext += 1;
      this.#next = pulled.sequence + 1;
      this.#options.onMessage(pulled);
    };
    const puller = new Puller(this.#connection, { stream, consumer: name, onMessage });
    this.#puller = puller;
    try {
      let how = "filled";
      while (isWhole && how !== "gone" && !this.#isClosed) {
        const hunger = this.#options.hunger();
        if (hunger <= 0) await this.#sleep();
        else how = await puller.pull({ messagesMax: Math.min(hunger, messagesMax), bytesMax, waitMs });
      }
    } finally {
      puller.close();
      this.#puller = undefined;
      if (!this.#connection.nc.isClosed()) jsm.consumers.delete(stream, name).catch(() => {});
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** A consumer that only reads. The server forgets it when nobody asked it for anything for a minute. */
export function addReader(
  { jsm, names }: Connection,
  topic: string,
  start: Partial<ConsumerConfig>,
): Promise<ConsumerInfo> {
  return jsm.consumers.add(names.topicStream(topic), {
    ack_policy: "none",
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: idleMs * nanosPerMs,
    ...start,
  });
}

/** Where a consumer begins that begins there. */
export function startOf(from: StartAt): Partial<ConsumerConfig> {
  switch (from.kind) {
    case "first":
      return { deliver_policy: DeliverPolicy.All };
    case "new":
      return { deliver_policy: DeliverPolicy.New };
    case "position":
      return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: positionOf(from.position) };
    case "time":
      return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: timeOf(from.time) };
  }
}

/** The last sequence before where a group begins. */
export async function highOf(connection: Connection, topic: string, from: StartAt): Promise<number> {
  switch (from.kind) {
    case "first":
      return 0;
    case "position":
      return positionOf(from.position) - 1;
    case "new": {
      const { state } = await connection.jsm.streams.info(connection.names.topicStream(topic));
      return state.last_seq;
    }
    case "time": {
      const { name, delivered } = await addReader(connection, topic, startOf(from));
      await connection.jsm.consumers.delete(connection.names.topicStream(topic), name);
      return delivered.stream_seq;
    }
  }
}
