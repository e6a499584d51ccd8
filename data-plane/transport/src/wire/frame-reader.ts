/**
 * Cuts a stream of bytes into frames.
 *
 * Frames that lie whole in a chunk are handed on in place. One that does not is gathered in a buffer that grows by doubling:
 * linear work whatever the chunks are, and memory in proportion to what arrived, never to what a length field announces.
 */
import { readU32 } from "./cursor.ts";
import { headBytes, headCountedBytes, invalidFrame } from "./frame.ts";

/** Takes one frame: its kind and call, and where its body lies. The bytes are never changed afterwards. */
export type TakeFrame = (kind: number, call: number, frame: { bytes: Buffer; at: number; end: number }) => void;

const lengthBytes = 4;
const heldBytesMin = 1024;

/** Reads frames of at most `bytesMax`. */
export class FrameReader {
  /** May be raised once the peer is known. */
  bytesMax: number;
  /** While set, a frame of any other kind is refused as soon as its kind is seen; no need to wait for the rest. */
  kindsTaken: readonly number[] | undefined;
  /** Set to stop in the middle of a chunk. */
  stopped = false;
  readonly #take: TakeFrame;
  readonly #frame: { bytes: Buffer; at: number; end: number };
  /** A frame's beginning; the first `#heldBytes` of it are filled. */
  #held: Buffer;
  #heldBytes = 0;

  constructor(bytesMax: number, take: TakeFrame) {
    this.bytesMax = bytesMax;
    this.#take = take;
    this.#held = Buffer.alloc(0);
    this.#frame = { bytes: this.#held, at: 0, end: 0 };
  }

  /** Takes the next bytes. Throws `FRAME_INVALID` for a length that cannot be. */
  push(chunk: Buffer): void {
    let at = this.#heldBytes === 0 ? 0 : this.#complete(chunk);
    while (!this.stopped && chunk.length - at >= lengthBytes) {
      const end = at + this.#sizeAt(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (at < chunk.length && !this.stopped) this.#hold(chunk, at, chunk.length);
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.at = at + headBytes;
    frame.end = end;
    this.#take(bytes[at + lengthBytes]!, readU32(bytes, at + lengthBytes + 1), frame);
  }

  /** The size of the frame at `at`, length field included. */
  #sizeAt(bytes: Buffer, at: number): number {
    const length = readU32(bytes, at);
    if (length < headCountedBytes || length > this.bytesMax)
      throw invalidFrame(`a frame of ${length} bytes, where ${headCountedBytes} to ${this.bytesMax} are taken`);
    return lengthBytes + length;
  }

  /** Adds to the frame that is held and hands it on when it is whole. Answers with how much of the chunk that took. */
  #complete(chunk: Buffer): number {
    let at = 0;
    if (this.#heldBytes < lengthBytes) {
      at = Math.min(lengthBytes - this.#heldBytes, chunk.length);
      this.#hold(chunk, 0, at);
      if (this.#heldBytes < lengthBytes) return at;
    }
    const size = this.#sizeAt(this.#held, 0);
    const end = Math.min(at + size - this.#heldBytes, chunk.length);
    this.#hold(chunk, at, end);
    if (this.#heldBytes === size) {
      const whole = this.#held;
      this.#held = this.#frame.bytes = Buffer.alloc(0);
      this.#heldBytes = 0;
      this.#emit(whole, 0, size);
    }
    return end;
  }

  #hold(chunk: Buffer, at: number, end: number): void {
    const bytes = this.#heldBytes + end - at;
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(bytes, this.#held.length * 2, heldBytesMin));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, at, end);
    this.#heldBytes = bytes;
    if (this.kindsTaken === undefined || bytes <= lengthBytes) return;
    const kind = this.#held[lengthBytes]!;
    if (!this.kindsTaken.includes(kind)) throw invalidFrame(`a first frame of kind ${kind}`);
  }
}
