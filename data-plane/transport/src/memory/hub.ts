/**
 * The instances of this process, by id: where memory listeners meet memory connections.
 *
 * One hub belongs to one process, or to one simulated machine of a test; there is no global one.
 */
import type { Operation, Reply } from "@cantle/core";
import type { Doors, Served } from "../transport.ts";

/** The instances of one process. */
export interface MemoryHub {
  readonly rooms: Map<string, Room>;
}

/** An empty hub. */
export function memoryHub(): MemoryHub {
  return { rooms: new Map() };
}

/** An instance that is served here. */
export class Room {
  readonly doors: Doors;
  /** What was found before; the doors of an instance do not change while it runs. */
  readonly found = new Map<Operation, Served>();
  draining = false;
  /** Calls whose reply, or whose stream, is not done. */
  inFlight = 0;
  /** Resolves when the instance drains and nothing is in flight. */
  readonly empty = Promise.withResolvers<void>();

  constructor(doors: Doors) {
    this.doors = doors;
  }

  /** What becomes of a handler's reply. A function made once, as a call has no time for its own. */
  readonly replied = (reply: Reply): Reply => {
    if (reply.kind === "items") return { ...reply, items: this.#untilRead(reply.items) };
    if (reply.kind === "download")
      return { ...reply, download: { ...reply.download, chunks: this.#untilRead(reply.download.chunks) } };
    this.#leave();
    return reply;
  };

  /** What becomes of a handler's failure. */
  readonly failed = (error: unknown): never => {
    this.#leave();
    throw error;
  };

  #leave(): void {
    this.inFlight--;
    if (this.draining && this.inFlight === 0) this.empty.resolve();
  }

  async *#untilRead<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* stream;
    } finally {
      this.#leave();
    }
  }
}
