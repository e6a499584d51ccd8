/**
 * How far the journal is durable, and which segments it has: written after each sync, before anything is acknowledged.
 *
 * 1. Two slots of 128 bytes, a page apart, written by turns: while one is being written, the other one is good.
 * 2. It is not synced each time. So it outlives the process, however that ends; after a power cut it may be some moments old,
 *    never wrong: what it says was durable before it said so. Before a segment is begun or removed it is synced.
 * 3. The larger counter of two good slots is the mark. When segments begin or go, both slots say so before it matters (`settle`).
 */
import { crc32 } from "node:zlib";
import type { Files, OpenFile } from "./files.ts";
import { formatVersion } from "./segment-header.ts";

/** What it says. */
export interface Mark {
  /** 32 hex digits, made when the journal was. */
  readonly journal: string;
  /** The oldest segment; what is older is rubbish. */
  readonly oldest: number;
  /** The segment that is being written. */
  readonly current: number;
  /** Its salt, for the day when its header is what is damaged. */
  readonly salt: number;
  /** Everything before this address is durable. */
  readonly durable: number;
  /** The sequence of the last durable record. */
  readonly sequence: number;
}

/** What the file turned out to be. */
export type MarkFound =
  | { readonly kind: "mark"; readonly mark: Mark }
  | { readonly kind: "empty" }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged" };

const magic = Buffer.from("CANTMARK", "latin1");
const slotBytes = 128;
const slotsAt = [0, 4096] as const;
const checksumAt = slotBytes - 4;

/** The file of the mark. */
export class MarkFile {
  readonly #file: OpenFile;
  readonly #slot = Buffer.alloc(slotBytes);
  #counter = 0;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  static async open(files: Files, path: string): Promise<MarkFile> {
    return new MarkFile(await files.open(path, "change"));
  }

  /** Reads it; what is written next counts on from there. */
  async read(): Promise<MarkFound> {
    const bytes = Buffer.alloc(slotsAt[1] + slotBytes);
    const length = await this.#file.read(bytes, 0);
    if (length === 0) return { kind: "empty" };
    let best: MarkFound = { kind: "damaged" };
    for (const at of slotsAt) {
      const { counter, found } = decodeSlot(bytes.subarray(at, at + slotBytes));
      if (found.kind === "damaged" || counter < this.#counter) continue;
      this.#counter = counter;
      best = found;
    }
    return best;
  }

  /** Writes it, to the page cache. */
  write(mark: Mark): void {
    const slot = this.#slot;
    this.#counter += 1;
    magic.copy(slot);
    slot.writeUInt32LE(formatVersion, 8);
    slot.writeDoubleLE(this.#counter, 16);
    slot.write(mark.journal, 24, "hex");
    slot.writeDoubleLE(mark.oldest, 40);
    slot.writeDoubleLE(mark.current, 48);
    slot.writeDoubleLE(mark.durable, 56);
    slot.writeDoubleLE(mark.sequence, 64);
    slot.writeUInt32LE(mark.salt, 72);
    slot.writeUInt32LE(crc32(slot.subarray(0, checksumAt)), checksumAt);
    this.#file.writeNow(slot, slotsAt[this.#counter % 2] as number);
  }

  /** Writes it into both slots, and makes it durable: whichever of them is read, no file goes by an older one. */
  async settle(mark: Mark): Promise<void> {
    this.write(mark);
    this.write(mark);
    await this.sync();
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function decodeSlot(slot: Buffer): { counter: number; found: MarkFound } {
  const damaged = { counter: -1, found: { kind: "damaged" } as const };
  if (!slot.subarray(0, 8).equals(magic)) return damaged;
  if (slot.readUInt32LE(checksumAt) !== crc32(slot.subarray(0, checksumAt))) return damaged;
  const counter = slot.readDoubleLE(16);
  const version = slot.readUInt32LE(8);
  if (version > formatVersion) return { counter, found: { kind: "newer", version } };
  const mark: Mark = {
    journal: slot.toString("hex", 24, 40),
    oldest: slot.readDoubleLE(40),
    current: slot.readDoubleLE(48),
    durable: slot.readDoubleLE(56),
    sequence: slot.readDoubleLE(64),
    salt: slot.readUInt32LE(72),
  };
  return { counter, found: { kind: "mark", mark } };
}
