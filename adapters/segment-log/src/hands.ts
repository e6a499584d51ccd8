/**
 * What is in whose hands, on disk: written before a delivery is given, so that a message whose handling ends the process is counted
 * all the same. It is not synced: it outlives the process, and a power cut at worst forgets that something was begun.
 *
 * Two files by turns; the one with the higher turn counts. A file is blocks, each of them written at once:
 *
 *      0  u32  checksum of the rest    4  u32  rows     8  f64  turn    16  f64  wall time
 *     24  f64  sequence that the next record of the journal had
 *     32  rows of 24 bytes: f64 number, u32 source, u32 attempt, f64 ms of the lease
 *
 * The files are made as large as they become, so that a full disk does not matter; where they cannot be written all the same, deliveries
 * go on, and may be counted too low.
 *
 * A row with attempt 0 says that it was given back, uncounted. The first block of a file says everything that is in hand then, and
 * counts even when it is empty. A block that cannot be read ends the file: an attempt is forgotten, nothing else.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Files, OpenFile } from "./journal/files.ts";

/** One message in somebody's hands. */
export interface InHand {
  readonly source: number;
  readonly number: number;
  /** Which attempt it is; 0 says that it is in nobody's hands any more. */
  readonly attempt: number;
  readonly leaseMs: number;
}

/** One that was in somebody's hands when the process ended. */
export interface LeftInHand extends InHand {
  /** When the lease would have ended, wall time. */
  readonly leaseEndMs: number;
  /** Records with this sequence, and later ones, were written after it was given. */
  readonly sequence: number;
}

const headBytes = 32;
const rowBytes = 24;

/** The two files. */
export class Hands {
  readonly #files: readonly [OpenFile, OpenFile];
  readonly #clock: Clock;
  /** Everything in hand now; asked when a file is begun. */
  readonly #all: () => readonly InHand[];
  readonly #log: Logger;
  readonly #fileBytes: number;
  readonly #sequence: () => number;
  #turn: number;
  #end = 0;
  /** True while they cannot be written. */
  #isFailing = false;

  private constructor(
    files: readonly [OpenFile, OpenFile],
    turn: number,
    { clock, log, fileBytes, sequence, all }: HandsGround,
  ) {
    this.#files = files;
    this.#turn = turn;
    this.#clock = clock;
    this.#log = log;
    this.#fileBytes = fileBytes;
    this.#sequence = sequence;
    this.#all = all;
  }

  /** Opens them, and says what was in hand. */
  static async open(ground: HandsGround): Promise<{ hands: Hands; left: readonly LeftInHand[] }> {
    const open = (name: string) => ground.files.open(join(ground.folder, name), "change");
    const files = [await open("hands-0"), await open("hands-1")] as const;
    for (const file of files) await enlarge(file, ground);
    const read = await Promise.all(files.map(readBlocks));
    const newest = read.reduce((best, each) => (each.turn > best.turn ? each : best));
    return { hands: new Hands(files, newest.turn, ground), left: newest.left };
  }

  /** Begins a file with what is in hand. */
  begin(): void {
    this.#turn += 1;
    this.#end = 0;
    this.#write(this.#all());
  }

  /** Writes down what changes hands, before it does. */
  note(rows: readonly InHand[]): void {
    if (rows.length === 0) return;
    // What could not be written was in hand then, and is in what a new file begins with.
    if (this.#isFailing || this.#end + headBytes + rows.length * rowBytes > this.#fileBytes) this.begin();
    this.#write(rows);
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
  }

  #write(rows: readonly InHand[]): void {
    const bytes = Buffer.allocUnsafe(headBytes + rows.length * rowBytes + headBytes);
    bytes.writeUInt32LE(rows.length, 4);
    bytes.writeDoubleLE(this.#turn, 8);
    bytes.writeDoubleLE(this.#clock.wallMs(), 16);
    bytes.writeDoubleLE(this.#sequence(), 24);
    let at = headBytes;
    for (const { number, source, attempt, leaseMs } of rows) {
      bytes.writeDoubleLE(number, at);
      bytes.writeUInt32LE(source, at + 8);
      bytes.writeUInt32LE(attempt, at + 12);
      bytes.writeDoubleLE(leaseMs, at + 16);
      at += rowBytes;
    }
    bytes.writeUInt32LE(crc32(bytes.subarray(4, at)), 0);
    // What was left of an earlier turn must not go on behind this block.
    bytes.fill(0, at);
    try {
      (this.#files[this.#turn % 2] as OpenFile).writeNow(bytes, this.#end);
      this.#end += at;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warn("deliveries cannot be written down; a crash would count them too low", { error });
      this.#isFailing = true;
    }
  }
}

/** What hands need. */
export interface HandsGround {
  readonly files: Files;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How large each file is; when one is full, the other is begun. */
  readonly fileBytes: number;
  /** The sequence that the next record of the journal will have. */
  readonly sequence: () => number;
  readonly all: () => readonly InHand[];
}

async function enlarge(file: OpenFile, { log, fileBytes }: HandsGround): Promise<void> {
  try {
    const size = await file.size();
    if (size < fileBytes) await file.write([new Uint8Array(fileBytes - size)], size);
  } catch (error) {
    log.warn("there is no room to write down deliveries", { error });
  }
}

async function readBlocks(file: OpenFile): Promise<{ turn: number; left: readonly LeftInHand[] }> {
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  const left = new Map<string, LeftInHand>();
  let turn = 0;
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const end = at + headBytes + bytes.readUInt32LE(at + 4) * rowBytes;
    if (end > bytes.length || bytes.readUInt32LE(at) !== crc32(bytes.subarray(at + 4, end))) break;
    if (at > 0 && bytes.readDoubleLE(at + 8) !== turn) break;
    turn = bytes.readDoubleLE(at + 8);
    const [wallMs, sequence] = [bytes.readDoubleLE(at + 16), bytes.readDoubleLE(at + 24)];
    for (let row = at + headBytes; row < end; row += rowBytes) {
      const [number, source] = [bytes.readDoubleLE(row), bytes.readUInt32LE(row + 8)];
      const [attempt, leaseMs] = [bytes.readUInt32LE(row + 12), bytes.readDoubleLE(row + 16)];
      if (attempt === 0) left.delete(`${source} ${number}`);
      else
        left.set(`${source} ${number}`, { source, number, attempt, leaseMs, leaseEndMs: wallMs + leaseMs, sequence });
    }
    at = end;
  }
  return { turn, left: [...left.values()] };
}
