/**
 * Connections for streams. A stream is a read transaction for as long as somebody reads it, and sees the database as it was
 * when it began; on the reader it would make all other reads old. So each has a connection of its own, which is then kept
 * for the next.
 */
import { CantleError } from "@cantle/core";
import type { Connection, Query } from "./connection.ts";

/** Reads statements bit by bit; at most `streamsMax` at once. */
export class Streams {
  readonly #open: () => Connection;
  readonly #streamsMax: number;
  readonly #opened: Connection[] = [];
  readonly #idle: Connection[] = [];

  constructor(open: () => Connection, streamsMax: number) {
    this.#open = open;
    this.#streamsMax = streamsMax;
  }

  *read(query: Query): Generator<unknown> {
    const connection = this.#idle.pop() ?? this.#openOne();
    try {
      yield* connection.iterate(query);
    } finally {
      this.#idle.push(connection);
    }
  }

  close(): void {
    for (const connection of this.#opened) connection.close();
  }

  #openOne(): Connection {
    if (this.#opened.length >= this.#streamsMax) {
      throw new CantleError("OVERLOADED", "too many streams are read from the database", {
        notes: `streamsMax = ${this.#streamsMax}`,
      });
    }
    const connection = this.#open();
    this.#opened.push(connection);
    return connection;
  }
}
