/**
 * A group of a topic in this broker: its consumers, its place in the cluster's consumer group, and the partitions that it has there.
 * Messages are given by key, not by partition: one that fails holds up its own key, and its neighbours go on.
 *
 * 1. How often a message was tried, and that it backs off, is kept here and nowhere else: it is forgotten when the partition goes to
 *    another member, or this process ends. The message is not: it comes again.
 * 2. An end is told when the group's offsets say so, as far as they can (see `partition-progress.ts`).
 * 3. When a partition is taken away, everything in hand is lost from that moment on, and what is left is read anew.
 */
import { CantleError } from "@cantle/core";
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
  type StartAt,
  type StoredMessage,
} from "@cantle/messaging";
import { type Connection, ensureTopic } from "./connection.ts";
import type { KafkaDeadLetters } from "./dead-letters.ts";
import { isFenced, translate } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { type Commit, Membership, type Place } from "./membership.ts";
import { PartitionProgress } from "./partition-progress.ts";
import type { Reader } from "./reader.ts";
import { type FoundRecord, storedMessageOf } from "./records.ts";

const windowMax = 1_024;
const windowBytesMax = 16 * 1024 * 1024;
const retryMs = 1_000;

/** A partition that this member has. */
interface Part extends Place {
  readonly progress: PartitionProgress;
  leaderEpoch: number;
}

/** A message that was read and is not done. */
interface Known {
  readonly part: Part;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly message: StoredMessage;
}

/** One consumer of this broker. */
interface Member {
  readonly options: ConsumeOptions;
  consumption: Consumption;
  takes: boolean;
}

/** What a group is told. */
export interface GroupOptions {
  readonly topic: string;
  readonly name: string;
  readonly from: StartAt;
  readonly reader: Reader;
  readonly deadLetters: KafkaDeadLetters;
}

/** A group with at least one consumer here, until it is closed. */
export class Group implements Books {
  readonly #connection: Connection;
  readonly #options: GroupOptions;
  readonly #source: DeadLetterSource;
  readonly #fetcher: Fetcher;
  #membership: Membership | undefined;
  #state = new DeliveryState();
  #dispatch: Dispatch;
  readonly #members = new Set<Member>();
  readonly #parts = new Map<string, Part>();
  readonly #known = new Map<number, Known>();
  #knownBytes = 0;
  #serial = 0;
  /** Changes of what this member has, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #pending: PromiseWithResolvers<void> | undefined;
  #isWriting = false;
  #isClosed = false;

  private constructor(connection: Connection, options: GroupOptions) {
    const { topic, name } = options;
    this.#connection = connection;
    this.#options = options;
    this.#source = { kind: "topic", name: topic, group: name };
    this.#dispatch = new Dispatch(connection.clock, this.#state, this);
    this.#fetcher = new Fetcher(connection, {
      groupId: connection.names.group(topic, name),
      nextOf: (place) => this.#nextOf(place),
      onRecord: (record) => this.#take(record),
      onRead: ({ topic: of, partition, offset }) =>
        this.#parts.get(keyOf({ topic: of, partition }))?.progress.readTo(offset),
      onOutOfRange: (places) => this.#restart(places),
    });
  }

  /** Joins the group; resolves when this member knows what it has. */
  static async open(connection: Connection, options: GroupOptions): Promise<Group> {
    const { names } = connection;
    const topics = [names.topic(options.topic), names.again(options.topic, options.name)];
    await Promise.all(topics.map((topic) => ensureTopic(connection, topic)));
    const group = new Group(connection, options);
    const joined = Promise.withResolvers<void>();
    const onAssigned = (places: readonly Place[]) => {
      group.#turn = group.#turn.then(() => joined.promise).then(() => group.#assign(places));
      group.#turn = group.#turn.catch((error) => connection.log.warn("a partition could not be taken", { error }));
    };
    try {
      const groupId = names.group(options.topic, options.name);
      group.#membership = await Membership.join(connection, { groupId, topics, onAssigned });
      joined.resolve();
      await group.#turn;
      return group;
    } catch (error) {
      joined.resolve();
      await group.close();
      throw error;
    }
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** Adds a consumer. */
  consume(options: ConsumeOptions): Consumption {
    const member: Member = { options, consumption: this.#dispatch.consume(options), takes: true };
    this.#members.add(member);
    return {
      pause: async () => {
        member.takes = false;
        await member.consumption.pause();
      },
      stop: async () => {
        if (this.#members.delete(member)) await member.consumption.stop();
      },
    };
  }

  get topic(): string {
    return this.#options.topic;
  }

  get name(): string {
    return this.#options.name;
  }

  get inFlightCount(): number {
    return this.#state.heldCount;
  }

  /** When the oldest message was stored that is read and not done; wall ms. */
  get oldestAtMs(): number | undefined {
    let oldest: number | undefined;
    for (const { timestampMs } of this.#known.values()) oldest = Math.min(timestampMs, oldest ?? timestampMs);
    return oldest;
  }

  /** Where this member reads on in a partition, and how many it has read that are not done; undefined when it does not have it. */
  standingIn(place: Place): Pick<PartitionProgress, "next" | "openCount"> | undefined {
    return this.#parts.get(keyOf(place))?.progress;
  }

  /** Goes on elsewhere. Only who has all partitions can do that. */
  async seek(starts: readonly bigint[]): Promise<void> {
    const topic = this.#connection.names.topic(this.#options.topic);
    const offsets = starts.map((offset, partition) => ({ topic, partition, offset, leaderEpoch: -1 }));
    if (!offsets.every((each) => this.#parts.has(keyOf(each))))
      throw new CantleError("BROKER_UNAVAILABLE", "the group has consumers elsewhere, so it cannot be moved", {
        help: "stop its consumers first",
      });
    await this.#membership?.commit(offsets);
    const places = [...this.#parts.values()];
    this.#forgetAll();
    await this.#assign(places);
  }

  /** Gives everything back and leaves. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dispatch.close();
    await this.#commit().catch(() => {});
    await Promise.allSettled([this.#fetcher.close(), this.#membership?.leave()]);
  }

  /** The fetcher fills the state by itself. */
  fill(): void {}

  read(held: Held): StoredMessage | undefined {
    return this.#known.get(held.sequence)?.message;
  }

  async ended(held: Held, end: DeliveryEnd): Promise<void> {
    const known = this.#known.get(held.sequence);
    if (known === undefined) throw deliveryLost();
    if (end.kind !== "ack" && end.kind !== "bury") return;
    if (end.kind === "bury") await this.#bury(held, known, [...held.failures, end.failure]);
    this.#known.delete(held.sequence);
    this.#knownBytes -= known.message.data.byteLength;
    known.part.progress.done(known.offset);
    this.#fetcher.wake();
    await this.#commit();
  }

  async #bury(held: Held, { part, offset, message }: Known, failures: Held["failures"]): Promise<void> {
    const isAgain = part.topic !== this.#connection.names.topic(this.#options.topic);
    const id = `${isAgain ? "again-" : ""}${part.partition}-${offset}`;
    try {
      await this.#options.deadLetters.add(this.#source, { id, message, attempts: held.attempt, failures });
    } catch (error) {
      // It is in nobody's hands any more and not among the dead letters: it comes again.
      this.#state.add(held.sequence, { tried: { attempts: held.attempt - 1, failures: held.failures } });
      this.#dispatch.wake();
      throw translate(error);
    }
  }

  #nextOf(place: Place): bigint | undefined {
    if (this.#known.size >= windowMax || this.#knownBytes >= windowBytesMax) return undefined;
    return this.#parts.get(keyOf(place))?.progress.next;
  }

  #take(record: FoundRecord): void {
    const part = this.#parts.get(keyOf(record));
    if (part === undefined || record.offset < part.progress.next) return;
    this.#serial += 1;
    const message = storedMessageOf(record);
    this.#known.set(this.#serial, { part, offset: record.offset, timestampMs: record.timestampMs, message });
    this.#knownBytes += message.data.byteLength;
    part.leaderEpoch = record.leaderEpoch;
    part.progress.open(record.offset);
    part.progress.readTo(record.offset + 1n);
    this.#state.add(this.#serial, { lane: laneOf(message.key) });
    this.#dispatch.wake();
  }

  /** This member has these partitions now. */
  async #assign(places: readonly Place[]): Promise<void> {
    if (this.#isClosed) return;
    const wanted = new Set(places.map(keyOf));
    // What is read of a lost partition cannot be told apart in the state any more, so everything begins anew.
    if ([...this.#parts.keys()].some((key) => !wanted.has(key))) this.#forgetAll();
    const added = places.filter((place) => !this.#parts.has(keyOf(place)));
    const committed = added.length === 0 ? [] : ((await this.#membership?.committed(added)) ?? []);
    for (const [index, place] of added.entries()) {
      const offset = committed[index];
      const from = offset ?? (await this.#startOf(place));
      const part = { ...place, leaderEpoch: -1, progress: new PartitionProgress(from, offset) };
      this.#parts.set(keyOf(place), part);
    }
    // A group that is new says where it begins, so that it is there when it comes back.
    await this.#commit();
    await this.#fetcher.begin(places);
  }

  async #startOf({ topic, partition }: Place): Promise<bigint> {
    const isAgain = topic !== this.#connection.names.topic(this.#options.topic);
    const starts = await this.#options.reader.startOf(topic, isAgain ? { kind: "first" } : this.#options.from);
    return starts[partition] ?? 0n;
  }

  /** These begin with the oldest message that is kept: where they were is past retention. */
  async #restart(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      const starts = await this.#options.reader.first(place.topic);
      this.#parts.get(keyOf(place))?.progress.readTo(starts[place.partition] ?? 0n);
    }
  }

  /** Everything in hand is lost, and nothing is known. */
  #forgetAll(): void {
    const old = this.#dispatch;
    this.#parts.clear();
    this.#known.clear();
    this.#knownBytes = 0;
    this.#state = new DeliveryState();
    this.#dispatch = new Dispatch(this.#connection.clock, this.#state, this);
    old.close();
    for (const member of this.#members) {
      member.consumption = this.#dispatch.consume(member.options);
      if (!member.takes) void member.consumption.pause();
    }
  }

  /** Resolves when the offsets that are due now are written down. */
  #commit(): Promise<void> {
    this.#pending ??= Promise.withResolvers();
    const { promise } = this.#pending;
    if (!this.#isWriting) void this.#write();
    return promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // What happens in the same turn goes into the same request.
    await undefined;
    while (this.#pending !== undefined) {
      const pending = this.#pending;
      this.#pending = undefined;
      try {
        await this.#writeOnce();
        pending.resolve();
      } catch (error) {
        pending.reject(isFenced(error) ? deliveryLost() : translate(error));
        this.#writeLater();
      }
    }
    this.#isWriting = false;
  }

  async #writeOnce(): Promise<void> {
    const due: (Commit & { readonly part: Part })[] = [];
    for (const part of this.#parts.values()) {
      const offset = part.progress.due;
      const { topic, partition, leaderEpoch } = part;
      if (offset !== undefined) due.push({ topic, partition, offset, leaderEpoch, part });
    }
    if (due.length === 0) return;
    await this.#membership?.commit(due.map(({ part: _part, ...commit }) => commit));
    for (const { part, offset } of due) part.progress.committed(offset);
  }

  /** What could not be written is due still. */
  #writeLater(): void {
    if (this.#isClosed) return;
    this.#connection.clock.after(retryMs, () => void this.#commit().catch(() => {}));
  }
}

function keyOf({ topic, partition }: Place): string {
  return `${topic}:${partition}`;
}
