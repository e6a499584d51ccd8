/**
 * The sending end of a stream: asks its source for the next item while there is credit and the pipe has room.
 *
 * Invariants: the source is never asked twice at once; it is told to return exactly once if it did not end by itself; `ended`
 * is called exactly once, unless the stream was stopped from outside. So a source that never answers holds nothing up.
 */
import { dataOverheadBytes } from "./limits.ts";

/** What an outflow needs of its connection. */
export interface OutflowOptions<T> {
  readonly source: AsyncIterable<T>;
  readonly windowBytes: number;
  /** False while the pipe is full; `wake` is called when it no longer is. */
  hasRoom(): boolean;
  /** Sends an item, or the first part of a large one, and answers with what is left of it; may throw. */
  send(item: T): Sent<T>;
  /** The source ended, or failed. */
  ended(failure: { readonly error: unknown } | undefined): void;
}

/** What became of an item: the bytes that were sent in one frame (undefined for no frame), and what is left to send. */
export interface Sent<T> {
  readonly bytes: number | undefined;
  readonly left: T | undefined;
}

/** A stream that is sent. */
export class Outflow<T> {
  readonly #options: OutflowOptions<T>;
  readonly #took: (result: IteratorResult<T>) => void;
  readonly #failed: (error: unknown) => void;
  #source: AsyncIterator<T> | undefined;
  #state: "idle" | "asking" | "done" = "idle";
  #left: T | undefined;
  #creditBytes: number;

  constructor(options: OutflowOptions<T>) {
    this.#options = options;
    this.#creditBytes = options.windowBytes;
    this.#took = (result) => this.#take(result);
    this.#failed = (error) => this.#fail(error, false);
  }

  /** Lets so much more be sent. */
  credit(bytes: number): void {
    this.#creditBytes += bytes;
    this.wake();
  }

  /** Begins, or goes on if it can. */
  wake(): void {
    if (this.#state !== "idle") return;
    while (this.#left !== undefined && this.#mayGoOn()) if (!this.#send(this.#left)) return;
    if (this.#left === undefined && this.#mayGoOn()) this.#ask();
  }

  /** Ends it from outside; the source is let go. */
  stop(): void {
    if (this.#state === "done") return;
    this.#state = "done";
    const source = this.#source ?? this.#options.source[Symbol.asyncIterator]();
    source.return?.().then(undefined, () => {});
  }

  #mayGoOn(): boolean {
    return this.#creditBytes > 0 && this.#options.hasRoom();
  }

  #ask(): void {
    this.#state = "asking";
    try {
      this.#source ??= this.#options.source[Symbol.asyncIterator]();
      this.#source.next().then(this.#took, this.#failed);
    } catch (error) {
      this.#fail(error, false);
    }
  }

  #take(result: IteratorResult<T>): void {
    if (this.#state === "done") return;
    if (result.done) {
      this.#state = "done";
      this.#options.ended(undefined);
    } else {
      this.#state = "idle";
      if (this.#send(result.value)) this.wake();
    }
  }

  /** Answers with false when that ended the stream. */
  #send(item: T): boolean {
    try {
      const { bytes, left } = this.#options.send(item);
      if (bytes !== undefined) this.#creditBytes -= bytes + dataOverheadBytes;
      this.#left = left;
      return true;
    } catch (error) {
      this.#fail(error, true);
      return false;
    }
  }

  #fail(error: unknown, release: boolean): void {
    if (this.#state === "done") return;
    if (release) this.stop();
    this.#state = "done";
    this.#options.ended({ error });
  }
}
