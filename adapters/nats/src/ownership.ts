/**
 * A group of a topic while this broker owns it: reads the topic, gives the messages to the consumers of this broker, and writes
 * down how the group stands (see `group-record.ts`).
 *
 * 1. A delivery begins when the record that says so is stored: a consumer that dies of a message is counted.
 * 2. An end is told when the record that says so is stored. One write carries everything that happened since the one before.
 * 3. When a write is refused, somebody else owns the group: everything in hand is lost from that moment on.
 * 4. At most `windowMax` messages are read that are not done. When so many wait for one key that backs off, the others wait too.
 */
import { delay } from "@cantle/core";
import {
  type Books,
  type ConsumeOptions,
  type Consumption,
  type DeadLetterSource,
  type DeliveryEnd,
  DeliveryState,
  Dispatch,
  deliveryLost,
  type Held,
  laneOf,
  type StoredMessage,
} from "@cantle/messaging";
import { type Attempts, triedOnceMore } from "./attempts.ts";
import { messageOf } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";
import { bury } from "./dead-letters.ts";
import { translate } from "./errors.ts";
import type { GroupRecord, GroupRecords, OpenMessage, StoredRecord } from "./group-record.ts";
import { mapBounded } from "./map-bounded.ts";
import type { Pulled } from "./pull.ts";
import { messageAt, storedMessageOf } from "./stored.ts";
import { TopicReader } from "./topic-reader.ts";

const windowMax = 1_024;
const windowBytesMax = 16 * 1024 * 1024;
const retryMs = 250;

/** A message that was read and is not done. */
interface Known {
  readonly message: StoredMessage;
  state: OpenMessage["state"];
}

/** What an ownership is told. */
export interface OwnershipOptions {
  readonly topic: string;
  readonly group: string;
  readonly stored: StoredRecord;
  readonly records: GroupRecords;
  readonly attempts: Attempts;
  /** Somebody else owns the group. */
  readonly onLost: () => void;
}

/** One ownership; made when the record names it. */
export class Ownership implements Books {
  readonly #connection: Connection;
  readonly #options: OwnershipOptions;
  readonly #source: DeadLetterSource;
  readonly #state = new DeliveryState();
  readonly #dispatch: Dispatch;
  /** By sequence, ascending. */
  readonly #known = new Map<number, Known>();
  #knownBytes = 0;
  #reader: TopicReader | undefined;
  /** The last message that was read, or passed over. */
  #read: number;
  /** The last message that was begun. */
  #begun: number;
  #revision: number;
  #leaseMs: number;
  #owner: string;
  #pending: PromiseWithResolvers<void> | undefined;
  #writing: Promise<void> | undefined;
  #isOver = false;

  constructor(connection: Connection, options: OwnershipOptions) {
    const { topic, group, stored } = options;
    this.#connection = connection;
    this.#options = options;
    this.#source = { kind: "topic", name: topic, group };
    this.#dispatch = new Dispatch(connection.clock, this.#state, this);
    this.#read = stored.record.high;
    this.#begun = stored.record.high;
    this.#revision = stored.revision;
    this.#leaseMs = stored.record.leaseMs;
    this.#owner = stored.record.owner;
  }

  /** The revision of what this ownership wrote last. */
  get revision(): number {
    return this.#revision;
  }

  /** Takes over what its predecessor left open, and begins to read. */
  async begin(open: readonly OpenMessage[]): Promise<void> {
    const { names, clock } = this.#connection;
    const stream = names.topicStream(this.#options.topic);
    const found = await mapBounded(open, ({ sequence }) => messageAt(this.#connection, stream, sequence));
    const tried = await mapBounded(open, (each) => this.#triedOf(each));
    for (const [index, { sequence, state }] of open.entries()) {
      const message = found[index];
      if (message === undefined) continue;
      const waitMs =
        state.kind === "held" ? this.#leaseMs : state.kind === "delayed" ? state.untilMs - clock.wallMs() : 0;
      const stillMs = Math.max(0, waitMs);
      this.#learn(sequence, storedMessageOf(message), {
        tried: tried[index],
        ...(stillMs > 0 && { notBeforeMs: clock.nowMs() + stillMs }),
      });
      if (stillMs > 0)
        (this.#known.get(sequence) as Known).state = { kind: "delayed", untilMs: clock.wallMs() + stillMs };
    }
    // From here on it is what our own consumers ask for.
    this.#leaseMs = 0;
    this.#dispatch.arm();
    this.#reader = new TopicReader(this.#connection, {
      topic: this.#options.topic,
      from: { sequence: this.#read + 1 },
      hunger: () => (this.#knownBytes < windowBytesMax ? windowMax - this.#known.size : 0),
      onMessage: (pulled) => this.#take(pulled),
    });
  }

  /** Adds a consumer of this broker. */
  consume(options: ConsumeOptions): Consumption {
    this.#leaseMs = Math.max(this.#leaseMs, options.leaseMs);
    return this.#dispatch.consume(options);
  }

  /** Resolves when everything up to now is stored. Throws `DELIVERY_LOST`, `BROKER_UNAVAILABLE`. */
  commit(): Promise<void> {
    if (this.#isOver) return Promise.reject(deliveryLost());
    this.#pending ??= Promise.withResolvers();
    const { promise } = this.#pending;
    if (this.#writing === undefined) {
      this.#writing = this.#write();
    }
    return promise;
  }

  /** Gives everything back and the group up. */
  async release(): Promise<void> {
    this.#dispatch.close();
    this.#reader?.close();
    if (this.#isOver) return;
    this.#owner = "";
    // Without a connection there is nobody to tell: the server says that we are gone.
    if (this.#connection.link.isUp) await this.commit().catch(() => {});
    this.#isOver = true;
  }

  /** The group is somebody else's: nothing of it is written any more. */
  lose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader?.close();
    this.#dispatch.close();
    this.#pending?.reject(deliveryLost());
    this.#pending = undefined;
    this.#options.onLost();
  }

  /** The reader fills the state by itself. */
  fill(): void {}

  read(held: Held): StoredMessage | undefined {
    const known = this.#known.get(held.sequence);
    if (known === undefined) return undefined;
    known.state = { kind: "held" };
    this.#begun = Math.max(this.#begun, held.sequence);
    return known.message;
  }

  async ended(held: Held, end: DeliveryEnd): Promise<void> {
    const known = this.#known.get(held.sequence);
    if (known === undefined || this.#isOver) throw deliveryLost();
    switch (end.kind) {
      case "ack":
        this.#done(held, known);
        break;
      case "bury":
        await this.#bury(held, known, end.failure);
        this.#done(held, known);
        break;
      case "release":
        known.state = { kind: "waiting" };
        break;
      case "nack":
      case "expired":
        await this.#failed(held, known, end);
    }
    await this.commit();
  }

  async #bury(held: Held, { message }: Known, failure: Parameters<typeof triedOnceMore>[1]): Promise<void> {
    const tried = { attempts: held.attempt - 1, failures: held.failures };
    try {
      await bury(this.#connection, this.#source, { message, tried: triedOnceMore(tried, failure) });
    } catch (error) {
      // It is in nobody's hands any more and not among the dead letters: it comes again.
      this.#state.add(held.sequence, { tried });
      this.#dispatch.wake();
      throw translate(error);
    }
  }

  /** Keeps why it failed. The record of the group counts it in any case. */
  async #failed(held: Held, known: Known, end: DeliveryEnd & { kind: "nack" | "expired" }): Promise<void> {
    const { clock } = this.#connection;
    const tried = triedOnceMore({ attempts: held.attempt - 1, failures: held.failures }, end.failure);
    const waitMs = end.kind === "nack" ? Math.max(0, end.atMs - clock.nowMs()) : 0;
    const untilMs = clock.wallMs() + waitMs;
    known.state = waitMs > 0 ? { kind: "delayed", untilMs } : { kind: "waiting" };
    await this.#options.attempts
      .write(this.#source, held.sequence, { ...tried, deliveries: 0, untilMs })
      .catch((error) => this.#connection.log.warn("why a message failed could not be written down", { error }));
  }

  #done(held: Held, known: Known): void {
    this.#known.delete(held.sequence);
    this.#knownBytes -= known.message.data.byteLength;
    this.#reader?.wake();
    if (held.attempt > 1) this.#options.attempts.remove(this.#source, held.sequence).catch(() => {});
  }

  #take({ sequence, message }: Pulled): void {
    this.#read = sequence;
    const to = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    if (to === "_" || to === this.#options.group) {
      const position = String(sequence);
      this.#learn(sequence, { ...messageOf(message.headers, message.data, position), position });
      this.#dispatch.wake();
    } else if (this.#known.size === 0) this.commit().catch(() => {});
  }

  #learn(sequence: number, message: StoredMessage, more: Parameters<DeliveryState["add"]>[1] = {}): void {
    this.#known.set(sequence, { message, state: { kind: "waiting" } });
    this.#knownBytes += message.data.byteLength;
    this.#state.add(sequence, { ...more, lane: laneOf(message.key) });
  }

  async #triedOf({ sequence, attempts, state }: OpenMessage) {
    const record = await this.#options.attempts.read(this.#source, sequence);
    // The record of the attempts is written first: it may know one more.
    const written = record !== undefined && record.attempts > attempts;
    const tried = written ? record : { attempts, failures: record?.failures ?? [] };
    if (state.kind !== "held" || written) return tried;
    const at = new Date(this.#connection.clock.wallMs()).toISOString();
    return triedOnceMore(tried, { code: "CONSUMER_GONE", message: "whoever had the message is gone", at });
  }

  /** How the group stands at this moment. */
  #record(): GroupRecord {
    const [first = this.#read + 1] = this.#known.keys();
    const high = Math.max(this.#begun, first - 1);
    const open: OpenMessage[] = [];
    for (const [sequence, { state }] of this.#known) {
      if (sequence > high) break;
      open.push({ sequence, attempts: this.#state.triedOf(sequence).attempts, state });
    }
    return { owner: this.#owner, leaseMs: this.#leaseMs, high, open };
  }

  /** Writes until nothing is left to write; one write at a time. */
  async #write(): Promise<void> {
    // What happens in the same turn goes into the same write.
    await undefined;
    while (this.#pending !== undefined && !this.#isOver) {
      const pending = this.#pending;
      this.#pending = undefined;
      try {
        const isOurs = await this.#writeOnce();
        if (isOurs) pending.resolve();
        else {
          pending.reject(deliveryLost());
          this.lose();
        }
      } catch (error) {
        pending.reject(translate(error));
        // What is in memory goes on to be true, and is written as soon as that can be done.
        this.#pending ??= withoutWaiters();
        await delay(this.#connection.clock, retryMs);
        if (this.#connection.nc.isClosed()) this.lose();
      }
    }
    this.#writing = undefined;
  }

  /** False when the group is somebody else's. */
  async #writeOnce(): Promise<boolean> {
    const { topic, group, records } = this.#options;
    const record = this.#record();
    let revision = await records.write(topic, group, { record, revision: this.#revision });
    if (revision === undefined) {
      // Somebody was faster, or it was ourselves and the answer got lost.
      const found = await records.read(topic, group);
      if (found === undefined || found.record.owner !== this.#options.stored.record.owner) return false;
      revision = await records.write(topic, group, { record, revision: found.revision });
    }
    if (revision === undefined) return false;
    this.#revision = revision;
    return true;
  }
}

/** A promise that nobody waits for, so that its failure is nobody's. */
function withoutWaiters(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => {});
  return made;
}
