/**
 * The end of the journal, in memory: where records are written before they go to the disk, and read from while they are recent.
 * What was just published is usually delivered at once, so most bodies never come back from the disk.
 *
 * It is a row of chunks of consecutive addresses. The oldest are given up when there are too many; a record lies in one chunk.
 */
import { type Bytes, newBytes, padded } from "./record.ts";

/** Consecutive bytes of the journal in memory. */
export interface Chunk extends Bytes {
  readonly start: number;
  used: number;
}

/** How large a chunk is, unless a record needs more. */
const chunkBytes = 1024 * 1024;

/** The last chunks of a journal. */
export class Tail {
  readonly #bytesMax: number;
  readonly #chunks: Chunk[] = [];
  readonly #spare: Bytes[] = [];
  #bytes = 0;
  #end: number;

  constructor(start: number, bytesMax: number) {
    this.#end = start;
    this.#bytesMax = bytesMax;
  }

  /** The address after the last record. */
  get end(): number {
    return this.#end;
  }

  /** The chunk that has room for `lengthMax` bytes at its end. */
  room(lengthMax: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.bytes.length - last.used >= padded(lengthMax)) return last;
    const spare = lengthMax <= chunkBytes ? this.#spare.pop() : undefined;
    const chunk = { ...(spare ?? newBytes(Math.max(chunkBytes, padded(lengthMax)))), start: this.#end, used: 0 };
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.length;
    return chunk;
  }

  /** So many bytes at the end of the last chunk are a record now; answers with its address. */
  take(lengthBytes: number): number {
    const chunk = this.#chunks.at(-1) as Chunk;
    const address = this.#end;
    chunk.used += padded(lengthBytes);
    this.#end += padded(lengthBytes);
    return address;
  }

  /** The bytes from an address to the end, in order. */
  from(address: number): Buffer[] {
    return this.#chunks
      .filter((chunk) => chunk.start + chunk.used > address)
      .map((chunk) => chunk.bytes.subarray(Math.max(0, address - chunk.start), chunk.used));
  }

  /** The chunk that has the record at an address; undefined when it is no longer in memory. */
  find(address: number): Chunk | undefined {
    if (address >= this.#end) return undefined;
    let [low, high] = [0, this.#chunks.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle] as Chunk;
      if (address < chunk.start) high = middle - 1;
      else if (address >= chunk.start + chunk.used) low = middle + 1;
      else return chunk;
    }
    return undefined;
  }

  /** Forgets what comes from an address on. */
  rewind(address: number): void {
    for (let last = this.#chunks.at(-1); last !== undefined && last.start >= address; last = this.#chunks.at(-1))
      this.#drop(this.#chunks.pop() as Chunk);
    const last = this.#chunks.at(-1);
    if (last !== undefined) last.used = Math.min(last.used, address - last.start);
    this.#end = address;
  }

  /** Gives up the oldest chunks while there are too many; never what comes from `address` on. */
  trim(address: number): void {
    while (this.#bytes > this.#bytesMax) {
      const [first, second] = this.#chunks;
      if (first === undefined || second === undefined || second.start > address) return;
      this.#chunks.shift();
      this.#drop(first);
    }
  }

  #drop({ bytes, view }: Chunk): void {
    this.#bytes -= bytes.length;
    if (bytes.length === chunkBytes && this.#spare.length < 2) this.#spare.push({ bytes, view });
  }
}
