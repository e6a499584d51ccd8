/**
 * Records by their address: at once when they are in memory, else from the disk in blocks, because the next one that is wanted
 * usually lies behind it. What comes from the disk is checked again: disks forget between the start and now.
 */
import { CantleError } from "@cantle/core";
import type { Files } from "./files.ts";
import { type Bytes, bytesOf, isIntact, looksLikeRecord, padded } from "./record.ts";
import { offsetOf, type Segment, segmentAt } from "./segment.ts";
import type { Tail } from "./tail.ts";

/** How much is read at a time, unless a record is larger. */
const blockBytes = 128 * 1024;
/** How many blocks are kept. */
const blocksMax = 64;
/** How many are read at once: far fewer than are kept, so that what was read is there still when whoever wanted it looks. */
const readsMax = 16;

/** A record in memory: it begins at `at`. */
export interface Found extends Bytes {
  readonly at: number;
}

interface Block extends Bytes {
  readonly start: number;
  readonly end: number;
}

/** A block that is being read, or waits for its turn. */
interface Coming {
  readonly start: number;
  readonly end: number;
  readonly read: Promise<void>;
}

/** What a reader reads. */
export interface Readable {
  readonly files: Files;
  readonly tail: Tail;
  readonly segments: readonly Segment[];
  /** The address after the last durable record: behind it a file may be half written. */
  readonly durable: () => number;
}

/** Reads a journal. */
export class Reader {
  readonly #journal: Readable;
  /** The one used last comes last. */
  #blocks: Block[] = [];
  #spare: Buffer | undefined;
  readonly #coming = new Set<Coming>();
  #reads = 0;
  #waiting: (() => void)[] = [];

  constructor(journal: Readable) {
    this.#journal = journal;
  }

  /** The record at an address, if it is in memory. Good until the next turn of the event loop. */
  peek(address: number, lengthBytes: number): Found | undefined {
    const chunk = this.#journal.tail.find(address);
    if (chunk !== undefined) return { bytes: chunk.bytes, view: chunk.view, at: address - chunk.start };
    for (let index = this.#blocks.length - 1; index >= 0; index--) {
      const block = this.#blocks[index] as Block;
      if (address < block.start || address + padded(lengthBytes) > block.end) continue;
      if (index < this.#blocks.length - 1) this.#blocks.push(...this.#blocks.splice(index, 1));
      return this.#checked(block, address, lengthBytes);
    }
    return undefined;
  }

  /**
   * Brings the record at an address into memory, with those behind it. Who wants one of those meanwhile waits for the same block:
   * thousands of queues that go on at once after a start would each read their own otherwise. Throws `DATA_DAMAGED`.
   */
  load(address: number, lengthBytes: number): Promise<void> {
    const recordEnd = address + padded(lengthBytes);
    for (const each of this.#coming) if (each.start <= address && recordEnd <= each.end) return each.read;
    const { segments, durable } = this.#journal;
    const segment = segmentAt(segments, address);
    const last = Math.min(durable(), segments[segments.indexOf(segment) + 1]?.base ?? Number.POSITIVE_INFINITY);
    const end = Math.min(last, Math.max(address + blockBytes, recordEnd));
    const coming: Coming = {
      start: address,
      end,
      read: this.#inTurn(() => this.#read(segment, { address, end, recordEnd })),
    };
    this.#coming.add(coming);
    const over = () => this.#coming.delete(coming);
    coming.read.then(over, over);
    return coming.read;
  }

  async #read(segment: Segment, { address, end, recordEnd }: { address: number; end: number; recordEnd: number }) {
    const bytes = this.#memory(end - address);
    const file = await this.#journal.files.open(segment.path, "read");
    try {
      const read = await file.read(bytes.subarray(0, end - address), offsetOf(segment, address));
      if (read < recordEnd - address) throw damaged(segment, address);
      this.#blocks.push({ ...bytesOf(bytes), start: address, end: address + read });
      if (this.#blocks.length > blocksMax) this.#spare = this.#blocks.shift()?.bytes;
    } finally {
      await file.close();
    }
  }

  async #inTurn(read: () => Promise<void>): Promise<void> {
    while (this.#reads >= readsMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#reads++;
    try {
      await read();
    } finally {
      this.#reads--;
      this.#waiting.shift()?.();
    }
  }

  /** The record at an address, from wherever it is. */
  async read(address: number, lengthBytes: number): Promise<Found> {
    const found = this.peek(address, lengthBytes);
    if (found !== undefined) return found;
    await this.load(address, lengthBytes);
    return this.peek(address, lengthBytes) as Found;
  }

  /** What came before an address is gone. */
  forget(address: number): void {
    this.#blocks = this.#blocks.filter((block) => block.start >= address);
  }

  /** Memory for a block; that of the last one that was given up, where that will do. */
  #memory(lengthBytes: number): Buffer {
    const spare = this.#spare;
    if (spare === undefined || spare.length < lengthBytes)
      return Buffer.allocUnsafeSlow(Math.max(blockBytes, lengthBytes));
    this.#spare = undefined;
    return spare;
  }

  #checked(block: Block, address: number, lengthBytes: number): Found {
    const { bytes, view } = block;
    const at = address - block.start;
    const segment = segmentAt(this.#journal.segments, address);
    if (!looksLikeRecord(view, at, at + lengthBytes) || !isIntact(block, at, segment.salt))
      throw damaged(segment, address);
    return { bytes, view, at };
  }
}

function damaged(segment: Segment, address: number): CantleError {
  return new CantleError("DATA_DAMAGED", "a message of the broker cannot be read back from the disk", {
    place: `${segment.path}:${offsetOf(segment, address)}`,
    help: "look at the disk; starting the broker again says what is damaged and what can be done",
  });
}
