/**
 * Writes frames into chunks and hands them over once a tick.
 *
 *     begin(kind, call, bytes) · fields … · end()
 *
 * Fields are written straight into a chunk that is only ever filled, never used twice; large bodies are not copied but put
 * between two chunks. All frames that are written in one turn, by whatever call, become one write of the pipe. A frame that was begun
 * and not ended, because a field did not fit, was never there.
 */

import { CantleError } from "@cantle/core";
import { headBytes } from "./frame.ts";
import { chunkBytesMax } from "./limits.ts";

/** A body up to this size is copied into the chunk; a copy is cheaper than another piece for the socket. */
const copyBytesMax = 8 * 1024;
const chunkBytesMin = 8 * 1024;
/** So much is handed over without waiting for the end of the turn, so that whoever writes a lot learns when the pipe is full. */
const waitingBytesMax = 64 * 1024;

/** Gathers frames and gives them to `send`. */
export class FrameWriter {
  /** The largest frame that the peer takes, its length field not counted. */
  frameBytesMax: number;
  #bytes: Buffer = Buffer.allocUnsafeSlow(chunkBytesMin);
  /** Where the next field goes; where the frame that is being written begins. */
  #at = 0;
  #frame = 0;
  /** What of the chunk is whole frames that were not handed over: from start to end. */
  #start = 0;
  #end = 0;
  #ready: Uint8Array[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  /** True while other calls are under way: their frames are worth a moment's wait. */
  isBusy = false;
  readonly #send: (chunks: readonly Uint8Array[]) => void;

  constructor(frameBytesMax: number, send: (chunks: readonly Uint8Array[]) => void) {
    this.frameBytesMax = frameBytesMax;
    this.#send = send;
  }

  /** Begins a frame whose fields need at most `fieldBytes`. */
  begin(kind: number, call: number, fieldBytes: number): void {
    const bytes = headBytes + fieldBytes;
    if (this.#bytes.length - this.#end < bytes) this.#turnOver(bytes);
    this.#frame = this.#end;
    this.#at = this.#end + 4;
    this.u8(kind);
    this.u32(call);
  }

  u8(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  u16(value: number): void {
    this.#bytes[this.#at++] = value >>> 8;
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#at = at + 4;
  }

  /** A size in 8 bytes; all ones for unknown. */
  size(size: number | undefined): void {
    this.u32(size === undefined ? 0xffffffff : Math.floor(size / 2 ** 32));
    this.u32(size === undefined ? 0xffffffff : size >>> 0);
  }

  /** Needs `1 + 3 * text.length`. Throws `HEADERS_TOO_LARGE` past 255 bytes. */
  text8(text: string): void {
    const length = this.#bytes.write(text, this.#at + 1);
    if (length > 0xff) throw tooLong(0xff);
    this.u8(length);
    this.#at += length;
  }

  /** Needs `2 + 3 * text.length`. Throws `HEADERS_TOO_LARGE` past 65,535 bytes. */
  text16(text: string): void {
    const length = this.#bytes.write(text, this.#at + 2);
    if (length > 0xffff) throw tooLong(0xffff);
    this.u16(length);
    this.#at += length;
  }

  /** Needs half of the text's length; a character that is not a hex digit counts as 0. */
  hex(text: string, bytes: number): void {
    for (let at = 0; at < bytes; at++) {
      const high = nibbles[text.charCodeAt(2 * at) & 127]!;
      this.#bytes[this.#at++] = (high << 4) | nibbles[text.charCodeAt(2 * at + 1) & 127]!;
    }
  }

  /** A few bytes, as they are. */
  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Ends the frame. All three ways answer with false, and take the frame back, when it is larger than the peer takes. */
  end(): boolean {
    return this.#close(0) && this.#handOver();
  }

  /** Ends the frame with a body, which nobody writes into again. */
  endWith(body: Uint8Array): boolean {
    if (!this.#hasRoomFor(body)) return this.#attach(body);
    this.raw(body);
    return this.end();
  }

  /** Ends the frame with a copy of a body, whose owner may write into it again. */
  endWithCopy(body: Uint8Array): boolean {
    return this.endWith(this.#hasRoomFor(body) ? body : new Uint8Array(body));
  }

  /** Ends the frame with a body that is text. */
  endWithText(body: string): boolean {
    if (body.length * 3 > this.#bytes.length - this.#at) return this.endWith(Buffer.from(body));
    this.#at += this.#bytes.write(body, this.#at);
    return this.end();
  }

  /** Hands over what was written; otherwise that happens by itself once this turn's work is done. */
  flush(): void {
    this.#scheduled = false;
    this.#waitingBytes = 0;
    this.#cut();
    if (this.#ready.length === 0) return;
    const chunks = this.#ready;
    this.#ready = [];
    this.#send(chunks);
  }

  #hasRoomFor({ length }: Uint8Array): boolean {
    return length <= copyBytesMax && length <= this.#bytes.length - this.#at;
  }

  /** Puts a body between two chunks. */
  #attach(body: Uint8Array): boolean {
    if (!this.#close(body.length)) return false;
    this.#cut();
    this.#ready.push(body);
    return this.#handOver();
  }

  #close(bodyBytes: number): boolean {
    const end = this.#at;
    // Bytes past a chunk would be lost in silence: a `begin` that asked for too little.
    if (end > this.#bytes.length) throw new CantleError("INTERNAL", "a frame is longer than it said");
    const length = end - this.#frame - 4 + bodyBytes;
    if (length > this.frameBytesMax) return false;
    this.#at = this.#frame;
    this.u32(length);
    this.#end = end;
    this.#waitingBytes += length;
    return true;
  }

  #handOver(): true {
    if (this.#waitingBytes >= waitingBytesMax) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      // Alone, a call leaves as soon as this turn's work is done. With others under way it leaves with whatever they write until
      // all sockets that are ready now have been read: half as many writes, and nobody waits longer than that.
      if (this.isBusy) setImmediate(flushNow, this);
      else process.nextTick(flushNow, this);
    }
    return true;
  }

  #cut(): void {
    if (this.#end > this.#start) this.#ready.push(this.#bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #turnOver(bytes: number): void {
    this.#cut();
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(chunkBytesMax, this.#bytes.length * 2)));
    this.#start = this.#end = 0;
  }
}

function flushNow(writer: FrameWriter): void {
  writer.flush();
}

function tooLong(bytesMax: number): CantleError {
  return new CantleError("HEADERS_TOO_LARGE", `a field of a call is over ${bytesMax} bytes`);
}

const nibbles = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0);
