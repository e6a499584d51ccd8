/**
 * A database of this process: its connections, and who may use them when.
 *
 *     a query outside transactions ─┬─ reads ──▶ reader            never waits for a writer
 *                                   └─ writes ─▶ turns ─▶ writer   one at a time
 *     a transaction ────────────────────────────▶ turns ─▶ writer, kept until it ends; its reads see its writes
 *     a stream ─────────────────────────────────▶ a connection of its own, while it lasts
 *
 * A database in memory has one connection, so there reads take turns too and a stream is read at once.
 *
 * Invariants
 * 1. One writer for each file and process; among processes SQLite's lock decides, and `busy.ts` waits for it.
 * 2. A transaction has the write lock from its first moment (`begin immediate`), so it never loses a race at its end.
 * 3. A statement of a transaction never runs outside of it, not even when SQLite rolled back by itself.
 * 4. A statement outside transactions leaves none open.
 */
import { CantleError } from "@cantle/core";
import type { QueryResult } from "kysely";
import { type BusyOptions, whileBusy } from "./busy.ts";
import type { Connection, Query } from "./connection.ts";
import { translate } from "./errors.ts";
import type { SqliteLimits } from "./limits.ts";
import { Streams } from "./streams.ts";
import { createTurns, type Turns } from "./turns.ts";

/** What a store works with. */
export interface StoreOptions extends BusyOptions {
  /** For messages: the path, or `:memory:`. */
  readonly place: string;
  readonly limits: SqliteLimits;
  /** Opens one more connection that only reads; absent in memory. */
  readonly openReader?: () => Connection;
}

/** The connections of a database. */
export class Store {
  readonly #writer: Connection;
  readonly #reader: Connection | undefined;
  readonly #turns: Turns;
  readonly #streams: Streams | undefined;
  readonly #options: StoreOptions;

  constructor(writer: Connection, options: StoreOptions) {
    this.#writer = writer;
    const { clock, limits, openReader } = options;
    this.#reader = openReader?.();
    this.#streams = openReader && new Streams(openReader, limits.streamsMax);
    this.#turns = createTurns({ clock, ...limits });
    this.#options = options;
  }

  /** Runs a statement that reads, outside transactions. */
  async read(query: Query): Promise<QueryResult<any>> {
    const reader = this.#reader;
    if (reader === undefined) return this.write(query);
    return this.#attempt(() => reader.run(query));
  }

  /** Runs any statement outside transactions, at its turn. */
  async write(query: Query): Promise<QueryResult<any>> {
    await this.#turns.take();
    try {
      return await this.#attempt(() => {
        const result = this.#writer.run(query);
        if (this.#writer.inTransaction) this.#refuseBegin();
        return result;
      });
    } finally {
      this.#turns.give();
    }
  }

  /** Takes the turn and begins. */
  async begin(): Promise<void> {
    await this.#turns.take();
    try {
      await this.#attempt(() => this.#writer.exec("begin immediate"));
    } catch (error) {
      this.#turns.give();
      throw error;
    }
  }

  /** Runs a statement of the transaction. */
  inTransaction(query: Query): QueryResult<any> {
    this.#refuseEnded();
    return this.#translated(() => this.#writer.run(query));
  }

  /** Runs one statement of the transaction, or several without parameters. */
  script(query: Query): QueryResult<any> {
    this.#refuseEnded();
    const result = this.#translated(() => this.#writer.script(query));
    this.#refuseEnded();
    return result;
  }

  /** Commits and ends the turn. When it throws, the transaction and the turn are still there, to be rolled back. */
  async commit(): Promise<void> {
    this.#refuseEnded();
    await this.#attempt(() => this.#writer.exec("commit"));
    this.#turns.give();
  }

  /** Rolls back, where SQLite has not done so by itself, and ends the turn. */
  async rollback(): Promise<void> {
    try {
      if (this.#writer.inTransaction) await this.#attempt(() => this.#writer.exec("rollback"));
    } finally {
      this.#turns.give();
    }
  }

  /** Reads bit by bit, outside transactions. In memory everything is read at once, at its turn. */
  async *stream(query: Query): AsyncGenerator<unknown> {
    if (this.#streams === undefined) yield* (await this.write(query)).rows;
    else yield* this.#each(this.#streams.read(query));
  }

  /** Reads bit by bit inside the transaction. */
  *streamInTransaction(query: Query): Generator<unknown> {
    this.#refuseEnded();
    yield* this.#each(this.#writer.iterate(query));
  }

  /**
   * Runs `change` in a transaction in which foreign keys are checked at the end and not at each statement: SQLite changes
   * most of a table by making it anew, and dropping the old one would take along the rows that refer to it.
   */
  async migrate(change: () => Promise<void>): Promise<void> {
    await this.#turns.take();
    try {
      this.#writer.exec("pragma foreign_keys = off");
      try {
        await this.#attempt(() => this.#writer.exec("begin immediate"));
        await change();
        this.#refuseEnded();
        this.#refuseDangling();
        await this.#attempt(() => this.#writer.exec("commit"));
      } finally {
        if (this.#writer.inTransaction) this.#writer.exec("rollback");
        this.#writer.exec("pragma foreign_keys = on");
      }
    } finally {
      this.#turns.give();
    }
  }

  /** Closes everything, the writer last: the last connection to a file brings the WAL home and removes it. */
  close(): void {
    this.#streams?.close();
    this.#reader?.close();
    this.#writer.close();
  }

  async #attempt<R>(statement: () => R): Promise<R> {
    try {
      return await whileBusy(statement, this.#options);
    } catch (error) {
      throw translate(error, this.#options.place);
    }
  }

  #translated<R>(statement: () => R): R {
    try {
      return statement();
    } catch (error) {
      throw translate(error, this.#options.place);
    }
  }

  *#each(rows: Generator<unknown>): Generator<unknown> {
    try {
      yield* rows;
    } catch (error) {
      throw translate(error, this.#options.place);
    }
  }

  #refuseEnded(): void {
    if (this.#writer.inTransaction) return;
    throw new CantleError("INTERNAL", "the transaction was ended by a statement in it, or by the database", {
      help: "never write begin, commit or rollback yourself; look for the error that came before this one",
    });
  }

  #refuseBegin(): never {
    this.#writer.exec("rollback");
    throw new CantleError("INTERNAL", "a query began a transaction", {
      help: "use database.transaction(async (tx) => ...)",
    });
  }

  #refuseDangling(): void {
    const [row] = this.#writer.run({ sql: "pragma foreign_key_check", parameters: [] }).rows;
    if (row === undefined) return;
    throw new CantleError(
      "MIGRATION_FAILED",
      `after the migrations, rows of '${row.table}' refer to rows that are not there`,
      {
        place: this.#options.place,
        help: `delete or mend them in the migration; the foreign key is one to '${row.parent}'`,
      },
    );
  }
}
