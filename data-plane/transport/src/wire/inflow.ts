/**
 * The receiving end of a stream: frames wait here until the reader asks, and credit goes back as they are taken.
 *
 * Invariants: at most the window waits (a sender that goes past it breaks the protocol); a reader that leaves is told on
 * once; after the end, an error or leaving, nothing is kept.
 */

import { invalidFrame } from "./frame.ts";
import { dataOverheadBytes } from "./limits.ts";

/** What an inflow needs of its connection. */
export interface InflowOptions<T> {
  readonly windowBytes: number;
  /** Makes an item of a frame's bytes; may throw. */
  read(bytes: Buffer): T;
  /** Lets the sender send so much more. */
  credit(bytes: number): void;
  /** The reader left before the end, or an item could not be read. */
  left(): void;
}

type Ending = { readonly kind: "end" } | { readonly kind: "error"; readonly error: unknown };

interface Waiter<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** A stream that arrives; it can be iterated once. */
export class Inflow<T> implements AsyncIterableIterator<T> {
  readonly #options: InflowOptions<T>;
  #waiting: Buffer[] = [];
  #readers: Waiter<T>[] = [];
  #ending: Ending | undefined;
  /** What the sender may still send, and what the reader took since credit last went back. */
  #windowBytes: number;
  #takenBytes = 0;

  constructor(options: InflowOptions<T>) {
    this.#options = options;
    this.#windowBytes = options.windowBytes;
  }

  /** Takes a data frame. Throws `FRAME_INVALID` when the sender had no credit left. */
  push(bytes: Buffer): void {
    if (this.#ending !== undefined) return;
    // The last frame may go past the window: whoever has any credit may send one.
    if (this.#windowBytes <= 0) throw invalidFrame("a stream goes on without credit");
    this.#windowBytes -= bytes.length + dataOverheadBytes;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#waiting.push(bytes);
    else this.#give(bytes, reader);
  }

  /** The stream is complete. */
  end(): void {
    this.#close({ kind: "end" });
  }

  /** The stream failed; what waits is read first. */
  fail(error: unknown): void {
    this.#close({ kind: "error", error });
  }

  /** The call is over: what waits is dropped. */
  abort(error: unknown): void {
    this.#waiting = [];
    this.fail(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) this.#give(bytes, { resolve, reject });
      else if (this.#ending !== undefined) this.#finish({ resolve, reject });
      else this.#readers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  #give(bytes: Buffer, reader: Waiter<T>): void {
    let value: T;
    try {
      value = this.#options.read(bytes);
    } catch (error) {
      this.#leave();
      reader.reject(error);
      return;
    }
    reader.resolve({ done: false, value });
    this.#takenBytes += bytes.length + dataOverheadBytes;
    if (this.#takenBytes * 2 < this.#options.windowBytes || this.#ending !== undefined) return;
    this.#windowBytes += this.#takenBytes;
    this.#options.credit(this.#takenBytes);
    this.#takenBytes = 0;
  }

  #finish(reader: Waiter<T>): void {
    const ending = this.#ending;
    // An error is told once; whoever asks again finds the end.
    this.#ending = { kind: "end" };
    if (ending?.kind === "error") reader.reject(ending.error);
    else reader.resolve({ done: true, value: undefined });
  }

  #close(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) this.#finish(reader);
  }

  #leave(): void {
    this.#waiting = [];
    if (this.#ending !== undefined) return;
    this.end();
    this.#options.left();
  }
}
