/**
 * The in-memory twin of a pipe: two ends in one process. For tests and simulations; the real ones are sockets and ports.
 *
 * Bytes arrive in a later turn, in order, cut as `cut` likes. An end that is paused holds them, up to no limit but the
 * writer's patience: `full` is true while more than `fullBytes` wait.
 */
import type { Pipe, PipeEvents } from "./pipe.ts";

/** How a pair of pipes behaves. */
export interface PipePairOptions {
  /** Cuts what was written into what arrives; default: as it was written. */
  readonly cut?: (bytes: Buffer) => readonly Buffer[];
  /** Waiting bytes from which an end counts as full. Default: it never does. */
  readonly fullBytes?: number;
}

/** Makes both ends. */
export function pipePair(options: PipePairOptions = {}): readonly [Pipe, Pipe] {
  const left = new PairEnd(options);
  const right = new PairEnd(options);
  left.other = right;
  right.other = left;
  return [left, right];
}

type PairState = "open" | "ending" | "closed";

class PairEnd implements Pipe {
  other!: PairEnd;
  readonly #options: PipePairOptions;
  #events: PipeEvents | undefined;
  /** What this end wrote and the other has not read. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #state: PairState = "open";
  #paused = false;
  #wasFull = false;

  constructor(options: PipePairOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#waitingBytes > (this.#options.fullBytes ?? Number.POSITIVE_INFINITY);
  }

  start(events: PipeEvents): void {
    this.#events = events;
    this.other.#deliverSoon();
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#state !== "open") return;
    const whole = Buffer.concat(chunks);
    for (const piece of this.#options.cut?.(whole) ?? [whole]) this.#waiting.push(piece);
    this.#waitingBytes += whole.length;
    this.#wasFull ||= this.full;
    this.#deliverSoon();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.other.#deliverSoon();
  }

  end(): void {
    if (this.#state === "open") this.#state = "ending";
    this.#deliverSoon();
  }

  destroy(): void {
    this.#waiting = [];
    this.#close();
    this.other.#close();
  }

  #deliverSoon(): void {
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    const reader = this.other;
    while (!reader.#paused && reader.#events !== undefined && reader.#state !== "closed") {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.#waitingBytes -= piece.length;
      reader.#events.data(piece);
    }
    if (this.#wasFull && !this.full && this.#state === "open") {
      this.#wasFull = false;
      this.#events?.drained();
    }
    if (this.#state === "ending" && this.#waiting.length === 0) this.destroy();
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    setImmediate(() => this.#events?.closed(undefined));
  }
}
