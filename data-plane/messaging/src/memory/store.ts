/** What the topics and queues of one broker in memory share: its clock, its room, its dead letters. */
import type { Message } from "@cantle/contract";
import { CantleError, type Clock } from "@cantle/core";
import type { DeadLetterBox } from "./dead-letter-box.ts";

/** What there is room for. */
export interface MemoryLimits {
  /** Data of all messages that are kept, dead letters aside, bytes; default 256 MiB. */
  readonly bytesMax: number;
  /** For how long an id is known, ms; default 2 minutes. */
  readonly dedupWindowMs: number;
  /** How many ids of one channel are known; default 1,000,000. */
  readonly idsMax: number;
  /** How many messages of a group may wait behind others with their key before it reads no further; default 65,536. */
  readonly behindMax: number;
}

/** The limits where nothing else is said. */
export const memoryLimitsDefault: MemoryLimits = Object.freeze({
  bytesMax: 256 * 1024 * 1024,
  dedupWindowMs: 120_000,
  idsMax: 1_000_000,
  behindMax: 65_536,
});

/** What a message weighs beside its data: its members and its place in the books, roughly. */
const overheadBytes = 256;

/** What topics and queues share. */
export interface Store {
  readonly clock: Clock;
  readonly limits: MemoryLimits;
  readonly room: Room;
  readonly deadLetters: DeadLetterBox;
}

/** The bytes of a broker. */
export class Room {
  readonly #bytesMax: number;
  /** Makes room when there is none: drops what nobody waits for. */
  readonly #trim: () => void;
  #usedBytes = 0;

  constructor(bytesMax: number, trim: () => void) {
    this.#bytesMax = bytesMax;
    this.#trim = trim;
  }

  /** True while it would be good to drop what nobody needs. */
  get isTight(): boolean {
    return this.#usedBytes > this.#bytesMax * 0.75;
  }

  /** Takes room for a message; throws `BROKER_FULL`. */
  take(message: Message): void {
    const bytes = weightOf(message);
    if (this.#usedBytes + bytes > this.#bytesMax) this.#trim();
    if (this.#usedBytes + bytes > this.#bytesMax)
      throw new CantleError("BROKER_FULL", "the broker has no room for another message", {
        help: "let the subscribers catch up, or run a broker that stores on disk",
      });
    this.#usedBytes += bytes;
  }

  free(message: Message): void {
    this.#usedBytes -= weightOf(message);
  }
}

/** What a message weighs, bytes. */
export function weightOf({ data }: Message): number {
  return data.byteLength + overheadBytes;
}
