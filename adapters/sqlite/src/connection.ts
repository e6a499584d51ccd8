/**
 * One connection: the pragmas every one of them has, a bounded cache of prepared statements, and values in and out.
 *
 * Statements run in this thread, synchronously. A look-up or an insert takes some tens of microseconds; sending it to a
 * worker and back would cost more than it takes. The price: a statement that reads a million rows holds up everything
 * else in the process while it runs. Indexes, `limit` and streams keep statements short.
 *
 * Invariants
 * 1. SQLite never waits by itself (`timeout: 0`, see `busy.ts`), and opening a connection does not touch the file yet.
 * 2. One query is one statement; what comes after a semicolon never runs unnoticed.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { CantleError } from "@cantle/core";
import type { QueryResult } from "kysely";

/** A statement as Kysely compiles it. */
export interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** How a connection is opened. */
export interface ConnectionOptions {
  readonly readOnly?: boolean;
  readonly statementsMax: number;
}

interface Prepared {
  readonly statement: StatementSync;
  /** True when it answers with rows. */
  readonly answers: boolean;
}

type Row = Record<string, unknown>;

/** A connection to a file, or to a database in memory. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  readonly #statementsMax: number;

  constructor(path: string, { readOnly = false, statementsMax }: ConnectionOptions) {
    this.#database = new DatabaseSync(path, {
      readOnly,
      timeout: 0,
      enableForeignKeyConstraints: true,
      defensive: true,
    });
    this.#statementsMax = statementsMax;
    // A schema is data that may come from a backup or a mail: it calls no functions that reach outside.
    this.#database.exec("pragma trusted_schema = off");
    // macOS: a plain sync leaves the data in the disk's own cache. Elsewhere this does nothing.
    this.#database.exec("pragma fullfsync = on; pragma checkpoint_fullfsync = on");
  }

  /** True between `begin` and the end of the transaction, whoever ended it: some errors make SQLite roll back by itself. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Runs one statement with its parameters. */
  run({ sql, parameters }: Query): QueryResult<any> {
    const { statement, answers } = this.#prepare(sql);
    const values = bindable(parameters);
    if (answers) return { rows: statement.all(...values).map(ordinary) };
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  /** Runs one statement, or several without parameters, which answer with nothing. */
  script(query: Query): QueryResult<any> {
    const { sql, parameters } = query;
    if (parameters.length > 0 || !hasRest(sql, this.#database.prepare(sql))) return this.run(query);
    this.#database.exec(sql);
    return { rows: [] };
  }

  /** Runs statements of ours. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Reads one statement's rows bit by bit. Never from the cache: two readers of one statement would disturb each other. */
  *iterate({ sql, parameters }: Query): Generator<Row> {
    const statement = this.#database.prepare(sql);
    refuseRest(sql, statement);
    for (const row of statement.iterate(...bindable(parameters))) yield ordinary(row);
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      // Last used, last in the map: the first is the one to forget.
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    refuseRest(sql, statement);
    const prepared = { statement, answers: statement.columns().length > 0 };
    if (this.#prepared.size >= this.#statementsMax) this.#prepared.delete(this.#prepared.keys().next().value ?? "");
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** SQLite prepares the first statement of a text and forgets the rest; a query that had one is a mistake or an attack. */
function refuseRest(sql: string, statement: StatementSync): void {
  if (!hasRest(sql, statement)) return;
  throw new CantleError("INTERNAL", "a query holds more than one statement", {
    help: "make one query of each, in a transaction; only migrations in plain SQL may hold several",
  });
}

function hasRest(sql: string, { sourceSQL }: StatementSync): boolean {
  return !/^[\s;]*$/.test(sql.slice(sourceSQL.length));
}

/** Parameters as SQLite takes them. Whole numbers go as integers: as floats, 5 would become '5.0' in a text column. */
function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value, index) => {
    switch (typeof value) {
      case "string":
      case "bigint":
        return value;
      case "number":
        return Number.isSafeInteger(value) ? BigInt(value) : value;
      case "boolean":
        return value ? 1n : 0n;
      default:
        if (value === null || ArrayBuffer.isView(value)) return value as SQLInputValue;
        throw unbindable(value, index);
    }
  });
}

function unbindable(value: unknown, index: number): CantleError {
  const kind = value instanceof Date ? "Date" : value === undefined ? "undefined" : typeof value;
  return new CantleError("INTERNAL", `parameter ${index + 1} of a query is ${kind}, which no column can hold`, {
    help: "use null for nothing, date.toISOString() for a date, JSON.stringify(value) for an object",
  });
}

/** node:sqlite's rows have no prototype, which surprises whoever compares or prints them. */
function ordinary(row: Row): Row {
  return Object.setPrototypeOf(row, Object.prototype);
}
