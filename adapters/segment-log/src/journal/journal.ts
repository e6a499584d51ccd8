/**
 * The journal that is being written: batches go to its end, one at a time, and are durable when `write` resolves.
 *
 * 1. A batch is acknowledged after its sync and after the mark that says so, in this order.
 * 2. After a failed sync nothing is written any more: nobody knows what the disk has (`broken`, until it is opened again).
 * 3. When there is no room, nothing is in doubt: the file is cut back to what was durable, and the next batch may work.
 * 4. A segment has its name only when all that it begins with is durable, and the mark names it before anything more is written to it.
 * 5. Segments are given up from the front only, and the mark says so before the file goes.
 */
import { join } from "node:path";
import type { CantleError, Clock, Random } from "@cantle/core";
import { Batch } from "./batch.ts";
import { failureOf, refusalOf } from "./failure.ts";
import type { Files, OpenFile } from "./files.ts";
import type { Mark, MarkFile } from "./mark.ts";
import { Reader } from "./reader.ts";
import { createSegment, offsetOf, type Segment, segmentAt, segmentOf } from "./segment.ts";
import { Tail } from "./tail.ts";

/** What a journal stands on. */
export interface JournalGround {
  readonly files: Files;
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How large a segment becomes, roughly. */
  readonly segmentBytes: number;
  /** How much of the end is kept in memory. */
  readonly recentBytesMax: number;
}

/** A journal as it was found. */
export interface JournalFound {
  readonly markFile: MarkFile;
  readonly mark: Mark;
  /** Oldest first; the last one is `mark.current`. */
  readonly segments: Segment[];
  /** The last segment, open. */
  readonly file: OpenFile;
}

/** A journal, open for writing. */
export class Journal {
  readonly #ground: JournalGround;
  readonly #markFile: MarkFile;
  readonly #segments: Segment[];
  readonly #tail: Tail;
  #mark: Mark;
  #file: OpenFile;
  #markSynced = false;
  #broken: CantleError | undefined;
  readonly reader: Reader;

  constructor(ground: JournalGround, { markFile, mark, segments, file }: JournalFound) {
    this.#ground = ground;
    this.#markFile = markFile;
    this.#mark = mark;
    this.#segments = segments;
    this.#file = file;
    this.#tail = new Tail(mark.durable, ground.recentBytesMax);
    const durable = () => this.#mark.durable;
    this.reader = new Reader({ files: ground.files, tail: this.#tail, segments, durable });
  }

  /** Why nothing is written any more; undefined while all is well. */
  get broken(): CantleError | undefined {
    return this.#broken;
  }

  /** Oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** The address after the last durable record. */
  get durable(): number {
    return this.#mark.durable;
  }

  /** The sequence that the next record will have. */
  get nextSequence(): number {
    return this.#mark.sequence + 1;
  }

  /** True when the current segment is large enough for another one to be begun. */
  get isSegmentFull(): boolean {
    return this.#mark.durable - this.#current.base >= this.#ground.segmentBytes;
  }

  /** Says that so many bytes at an address are needed from now on, or (negative) no longer. */
  live(address: number, bytes: number): void {
    segmentAt(this.#segments, address).liveBytes += bytes;
  }

  /** A new batch. There is one at a time. */
  batch(): Batch {
    const batch = new Batch(this.#tail, {
      salt: this.#current.salt,
      sequence: this.nextSequence,
      timeMs: Math.max(0, Math.floor(this.#ground.clock.wallMs())),
    });
    batch.begin(this.#mark.sequence);
    return batch;
  }

  /** Forgets what is in a batch that is not to be written. */
  abandon(batch: Batch): void {
    this.#tail.rewind(batch.start);
  }

  /** Makes a batch durable. Throws `BROKER_FULL` (3) and `BROKER_UNAVAILABLE` (2); then none of it counts. */
  async write(batch: Batch): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const offset = offsetOf(this.#current, batch.start);
    try {
      await this.#file.write(batch.chunks(), offset);
    } catch (error) {
      throw await this.#cutBack(batch, offset, error);
    }
    try {
      await this.#file.sync();
      this.#move({ durable: this.#tail.end, sequence: batch.sequence - 1 });
    } catch (error) {
      throw this.#break(error);
    }
    this.#tail.trim(batch.start);
  }

  /** Begins another segment, with what `snapshot` writes. Throws as `write`; then the current one goes on. */
  async rotate(snapshot: (batch: Batch) => void): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const segment = segmentOf(this.#ground.folder, {
      number: this.#mark.current + 1,
      base: this.#mark.durable,
      firstSequence: this.nextSequence,
      salt: newSalt(this.#ground.random),
      previousSalt: this.#current.salt,
      journal: this.#mark.journal,
      begunMs: this.#ground.clock.wallMs(),
      snapshot: true,
    });
    const batch = new Batch(this.#tail, {
      salt: segment.salt,
      sequence: segment.firstSequence,
      timeMs: Math.max(0, Math.floor(segment.begunMs)),
    });
    batch.begin(this.#mark.sequence);
    snapshot(batch);
    try {
      await createSegment(this.#ground.files, segment, batch.chunks());
      const file = await this.#ground.files.open(segment.path, "change");
      const before = this.#file;
      this.#file = file;
      this.#segments.push(segment);
      const { number: current, salt } = segment;
      await this.#settle({ current, salt, durable: this.#tail.end, sequence: batch.sequence - 1 });
      await before.close();
    } catch (error) {
      throw await this.#abandonSegment(segment, batch, error);
    }
  }

  /** Makes the mark durable too, if it is not. */
  async syncMark(): Promise<void> {
    if (this.#markSynced || this.#broken !== undefined) return;
    this.#markSynced = true;
    try {
      await this.#markFile.sync();
    } catch (error) {
      throw this.#break(error);
    }
  }

  /** Gives up the oldest segment (5). */
  async dropOldest(): Promise<void> {
    const [oldest, next] = this.#segments;
    if (oldest === undefined || next === undefined) return;
    await this.#settle({ oldest: next.number });
    this.#segments.shift();
    this.reader.forget(next.base);
    await this.#ground.files.remove(oldest.path);
  }

  /** Ends it. What was written is durable already. */
  async close(): Promise<void> {
    await this.syncMark().catch(() => undefined);
    await this.#file.close();
    await this.#markFile.close();
  }

  get #current(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  #move(change: Partial<Mark>): void {
    this.#mark = { ...this.#mark, ...change };
    this.#markSynced = false;
    this.#markFile.write(this.#mark);
  }

  async #settle(change: Partial<Mark>): Promise<void> {
    this.#mark = { ...this.#mark, ...change };
    this.#markSynced = true;
    try {
      await this.#markFile.settle(this.#mark);
    } catch (error) {
      throw this.#break(error);
    }
  }

  async #cutBack(batch: Batch, offset: number, error: unknown): Promise<CantleError> {
    const failure = failureOf(error);
    if (failure === "broken") return this.#break(error);
    try {
      await this.#file.truncate(offset);
    } catch (worse) {
      return this.#break(worse);
    }
    this.#tail.rewind(batch.start);
    return refusalOf(failure, error);
  }

  async #abandonSegment(segment: Segment, batch: Batch, error: unknown): Promise<CantleError> {
    const failure = failureOf(error);
    // Once the mark may name it, or after a failed sync, there is no way back.
    if (failure === "broken" || this.#current === segment || this.#broken !== undefined) return this.#break(error);
    this.#tail.rewind(batch.start);
    await this.#ground.files.remove(`${segment.path}.new`).catch(() => undefined);
    await this.#ground.files.remove(segment.path).catch(() => undefined);
    return refusalOf(failure, error);
  }

  #break(error: unknown): CantleError {
    this.#broken ??= refusalOf("broken", error);
    return this.#broken;
  }
}

/** Chance that no message can know. */
export function newSalt(random: Random): number {
  return Number.parseInt(random.hex(4), 16);
}

/** Where the mark is. */
export function markPath(folder: string): string {
  return join(folder, "mark");
}
