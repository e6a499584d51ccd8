/** Kysely's side: a dialect whose connections decide query by query where it runs. */

import { CantleError } from "@cantle/core";
import { onlyReads } from "@cantle/database";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  DialectAdapterBase,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Store } from "./store.ts";

/** Makes the dialect of an opened store. */
export function sqliteDialect(store: Store): Dialect {
  return {
    createDriver: () => new StoreDriver(store),
    createAdapter: () => new Adapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db: Kysely<any>): DatabaseIntrospector => new SqliteIntrospector(db),
  };
}

type State = "outside" | "transaction" | "migration" | "ended";

/**
 * What Kysely takes for a connection: one use of the store. Outside transactions it holds nothing, so any number may be
 * out; from `begin` to the end it stands for the writer.
 */
export class Session implements DatabaseConnection {
  readonly #store: Store;
  #state: State;

  constructor(store: Store, state: "outside" | "migration" = "outside") {
    this.#store = store;
    this.#state = state;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.#refuseEnded();
    switch (this.#state) {
      case "outside":
        // What is certainly a read goes to the reader; all else to the writer, which can do both.
        return onlyReads(query) ? this.#store.read(query) : this.#store.write(query);
      case "migration":
        return query.query.kind === "RawNode" ? this.#store.script(query) : this.#store.inTransaction(query);
      default:
        return this.#store.inTransaction(query);
    }
  }

  async *streamQuery<R>(query: CompiledQuery, chunkMax: number): AsyncIterableIterator<QueryResult<R>> {
    this.#refuseEnded();
    const all = this.#state === "outside" ? this.#store.stream(query) : this.#store.streamInTransaction(query);
    let rows: R[] = [];
    for await (const row of all) {
      this.#refuseEnded();
      rows.push(row as R);
      if (rows.length < chunkMax) continue;
      yield { rows };
      rows = [];
    }
    if (rows.length > 0) yield { rows };
  }

  async begin(): Promise<void> {
    await this.#store.begin();
    this.#state = "transaction";
  }

  async commit(): Promise<void> {
    await this.#store.commit();
    this.#state = "ended";
  }

  async rollback(): Promise<void> {
    this.#state = "ended";
    await this.#store.rollback();
  }

  #refuseEnded(): void {
    if (this.#state !== "ended") return;
    throw new CantleError("INTERNAL", "a query was made on a transaction that has ended");
  }
}

class StoreDriver implements Driver {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Session> {
    return new Session(this.#store);
  }

  async releaseConnection(): Promise<void> {}

  beginTransaction(session: DatabaseConnection): Promise<void> {
    return (session as Session).begin();
  }

  commitTransaction(session: DatabaseConnection): Promise<void> {
    return (session as Session).commit();
  }

  rollbackTransaction(session: DatabaseConnection): Promise<void> {
    return (session as Session).rollback();
  }

  /** The store is the engine's: it may be shared with another opening of the same file. */
  async destroy(): Promise<void> {}
}

class Adapter extends DialectAdapterBase {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  override get supportsReturning(): boolean {
    return true;
  }

  /** `engine.migrate` is the lock. */
  async acquireMigrationLock(): Promise<void> {}

  async releaseMigrationLock(): Promise<void> {}
}
