/** Reads the fields of one frame's body. Every read is checked against the frame's end; nothing is copied. */
import { invalidFrame } from "./frame.ts";

const nothing = Buffer.alloc(0);

/** A place in a frame. One is used again for every frame of a connection, so keep what you read, not the cursor. */
export class Cursor {
  bytes: Buffer = nothing;
  at = 0;
  end = 0;

  /** Points at the body from `at` to `end`. */
  set(bytes: Buffer, at: number, end: number): this {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    return this;
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u32(): number {
    return readU32(this.bytes, this.#take(4));
  }

  /** A size in 8 bytes; undefined for all ones. Past 2^53 it is refused, as nothing is that long. */
  size(): number | undefined {
    const high = this.u32();
    const low = this.u32();
    if (high === 0xffffffff && low === 0xffffffff) return undefined;
    const size = high * 2 ** 32 + low;
    if (!Number.isSafeInteger(size)) throw invalidFrame("a size in a frame is too large");
    return size;
  }

  text8(): string {
    return this.text(this.u8());
  }

  text16(): string {
    return this.text(this.u16());
  }

  /** `length` bytes of UTF-8. */
  text(length: number): string {
    const at = this.#take(length);
    return this.bytes.toString("utf8", at, at + length);
  }

  /** `length` bytes as one character each; for keys that are compared, not shown. */
  latin1(length: number): string {
    const at = this.#take(length);
    return this.bytes.toString("latin1", at, at + length);
  }

  /** `length` bytes as lower-case hex. */
  hex(length: number): string {
    const at = this.#take(length);
    return this.bytes.toString("hex", at, at + length);
  }

  /** All bytes that are left, as a view. */
  rest(): Buffer {
    const at = this.at;
    this.at = this.end;
    return this.bytes.subarray(at, this.end);
  }

  #take(length: number): number {
    const at = this.at;
    if (at + length > this.end) throw invalidFrame("a frame ends before its fields do");
    this.at = at + length;
    return at;
  }
}

/** A big-endian unsigned integer of four bytes. */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
