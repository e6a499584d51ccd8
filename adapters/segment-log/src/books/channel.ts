/** What topics and queues have in common: a name, a number, and messages that are numbered as they come. */
import type { Channel, Message } from "@cantle/contract";
import type { Batch } from "../journal/batch.ts";
import { type Copied, type Placed, writeAgain, writeChannel } from "./entries.ts";
import type { Ground } from "./ground.ts";
import { MessageIndex } from "./message-index.ts";
import { type PlacedMessage, writeMessage } from "./message-record.ts";

/** What a channel is told when it is made. */
export interface ChannelStart {
  readonly number: number;
  readonly name: string;
  /** The number that its next message will have. */
  readonly next: number;
}

/** A topic, or a queue. */
export abstract class ChannelBooks implements Channel {
  abstract readonly kind: Channel["kind"];
  readonly number: number;
  name: string;
  protected readonly ground: Ground;
  readonly index: MessageIndex;
  #next: number;

  constructor(ground: Ground, { number, name, next }: ChannelStart) {
    this.ground = ground;
    this.index = new MessageIndex(ground.tally);
    this.number = number;
    this.name = name;
    this.#next = next;
  }

  /** How many messages it has. */
  get count(): number {
    return this.index.count;
  }

  /** The number that its next message will have. */
  get next(): number {
    return this.#next;
  }

  /** Writes down that it exists, and its next number. */
  write(batch: Batch): void {
    writeChannel(batch, this);
  }

  /** Writes a message as its next one. */
  writeMessage(batch: Batch, message: Message): PlacedMessage {
    return writeMessage(batch, this, { message, ordinal: this.#next++ });
  }

  /** The last so many that were written are not there after all. */
  takeBack(count: number): void {
    this.#next -= count;
  }

  /** A message is durable. */
  abstract admit(number: number, placed: PlacedMessage, timeMs: number): void;

  /** What a record says that is read at the start: a message, or the same one elsewhere. */
  abstract replay(number: number, placed: PlacedMessage, timeMs: number): void;

  /** Its next number is at least this. */
  reach(next: number): void {
    this.#next = Math.max(this.#next, next);
  }

  /** Appends the record at an address again, if it is still needed; answers with what to do when that is durable. */
  copy(batch: Batch, number: number, copied: Copied): (() => void) | undefined {
    if (this.index.at(number)?.address !== copied.address) return undefined;
    const placed = writeAgain(batch, copied);
    return () => {
      const entry = this.index.at(number);
      if (entry === undefined) return;
      this.ground.live(entry.address, -entry.size);
      this.ground.live(placed.address, placed.size);
      this.index.put(number, { ...entry, address: placed.address });
    };
  }

  /** Where all of it is. */
  *places(): IterableIterator<Placed> {
    for (const number of this.index.numbers()) yield this.index.at(number) as Placed;
  }
}
