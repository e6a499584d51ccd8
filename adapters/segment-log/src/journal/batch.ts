/** Records that go to the disk together: written into the tail one after the other, numbered as they come. */
import { headerBytes, type Kind, kinds, sealRecord } from "./record.ts";
import type { Chunk, Tail } from "./tail.ts";

/** Where a batch begins. */
export interface BatchStart {
  readonly salt: number;
  /** The sequence of its first record. */
  readonly sequence: number;
  readonly timeMs: number;
}

/** A batch that is being put together. */
export class Batch {
  readonly #tail: Tail;
  readonly #salt: number;
  /** When it is written; in every record of it. */
  readonly timeMs: number;
  /** The address of its first record. */
  readonly start: number;
  /** The sequence of its next record. */
  sequence: number;
  #chunk: Chunk | undefined;

  constructor(tail: Tail, { salt, sequence, timeMs }: BatchStart) {
    this.#tail = tail;
    this.#salt = salt;
    this.start = tail.end;
    this.sequence = sequence;
    this.timeMs = timeMs;
  }

  /** Says up to where everything was durable when this was written. */
  begin(durable: number): void {
    this.open(headerBytes);
    this.close({ kind: kinds.batch, source: 0, ordinal: durable, length: headerBytes });
  }

  /** Memory for a record of at most `lengthMax` bytes; the body begins at `used + headerBytes`. */
  open(lengthMax: number): Chunk {
    this.#chunk = this.#tail.room(lengthMax);
    return this.#chunk;
  }

  /** Makes what was opened a record of `length` bytes; answers with its address. */
  close(record: { kind: Kind; source: number; ordinal: number; length: number; timeMs?: number }): number {
    const chunk = this.#chunk as Chunk;
    const { kind, source, ordinal, length, timeMs = this.timeMs } = record;
    sealRecord(chunk, chunk.used, {
      kind,
      source,
      ordinal,
      length,
      timeMs,
      sequence: this.sequence++,
      salt: this.#salt,
    });
    return this.#tail.take(length);
  }

  /** What goes to the disk. */
  chunks(): Buffer[] {
    return this.#tail.from(this.start);
  }
}
