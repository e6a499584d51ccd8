/** One topic: its messages, as long as they are kept, and its groups. */
import { CantleError } from "@cantle/core";
import type { GroupFacts, StartAt, StoredMessage, TopicFacts } from "@cantle/messaging";
import { ChannelBooks } from "./channel.ts";
import { bodyAt } from "./entries.ts";
import type { Giver } from "./given.ts";
import type { Entry } from "./message-index.ts";
import { type PlacedMessage, readMessage } from "./message-record.ts";

/** A group, as its topic sees it. */
export interface TopicReader extends Giver {
  /** The topic dropped its oldest messages. */
  trimmed(): void;
  facts(): GroupFacts;
}

/** A topic. */
export class Topic extends ChannelBooks {
  readonly kind = "topic";
  /** Its groups; those that are forgotten are not among them. */
  readonly readers = new Set<TopicReader>();
  /** Messages before this number are past retention. */
  #first = 1;
  /** The number after that of the last durable message. */
  #end = 1;

  /** The number of the oldest message that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The number after that of the last durable message. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.index.bytes;
  }

  has(number: number): boolean {
    return this.index.has(number);
  }

  at(number: number): Entry | undefined {
    return this.index.at(number);
  }

  override admit(number: number, placed: PlacedMessage, timeMs: number): void {
    this.replay(number, placed, timeMs);
    for (const reader of this.readers) this.ground.wake(reader);
  }

  override replay(number: number, { address, size, rank, lane }: PlacedMessage, timeMs: number): void {
    const before = this.index.at(number);
    if (before !== undefined) this.ground.live(before.address, -before.size);
    this.ground.live(address, size);
    // A record that was appended again keeps the moment of the first.
    this.index.put(number, { address, size, rank, lane, timeMs: before?.timeMs ?? timeMs });
    this.reach(number + 1);
    this.#end = Math.max(this.#end, number + 1);
  }

  /** After all records are read: the next message follows the last one, wherever that went. */
  settle(): void {
    this.#end = this.next;
    this.#first = this.index.first ?? this.next;
  }

  /** When its oldest message was stored; undefined when it has none. */
  get oldestMs(): number | undefined {
    return this.index.at(this.#first)?.timeMs;
  }

  /** Drops the oldest messages while `isOver` says so of them. */
  trim(isOver: (oldest: Entry) => boolean): void {
    while (this.#first < this.#end) {
      const entry = this.index.at(this.#first);
      if (entry !== undefined) {
        if (!isOver(entry)) break;
        this.index.remove(this.#first);
        this.ground.live(entry.address, -entry.size);
      }
      this.#first += 1;
    }
    for (const reader of this.readers) reader.trimmed();
  }

  /** The number that a start means, among those that are kept or come next. */
  numberAt(from: StartAt): number {
    switch (from.kind) {
      case "first":
        return this.#first;
      case "new":
        return this.#end;
      case "position":
        return Math.min(this.#end, Math.max(this.#first, numberOf(from.position)));
      case "time":
        return this.#numberSince(from.time);
    }
  }

  #numberSince(time: string): number {
    const timeMs = Date.parse(time);
    if (Number.isNaN(timeMs)) throw new CantleError("INPUT_INVALID", "this is not a time as RFC 3339 writes it");
    for (const number of this.index.numbers()) if ((this.index.at(number)?.timeMs ?? 0) >= timeMs) return number;
    return this.#end;
  }

  async read(from: StartAt, max: number): Promise<StoredMessage[]> {
    const read: StoredMessage[] = [];
    for (let number = this.numberAt(from); number < this.#end && read.length < max; number++) {
      const entry = this.index.at(number);
      if (entry === undefined) continue;
      const record = await this.ground.journal.reader.read(entry.address, entry.size);
      read.push(readMessage(bodyAt(record, record.at, entry.size), String(number)));
    }
    return read;
  }

  facts(): TopicFacts {
    const groups = [...this.readers].map((reader) => reader.facts());
    return { topic: this.name, messages: this.index.count, bytes: this.index.bytes, groups };
  }
}

function numberOf(position: string): number {
  if (!/^\d{1,14}$/.test(position)) throw new CantleError("INPUT_INVALID", "this is not a position of this broker");
  return Number(position);
}
