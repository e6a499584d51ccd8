/**
 * The way to a connection, for every query that is not in a transaction, and for the transaction itself.
 *
 * Invariants
 * 1. Nothing gets a connection after `close` was called; what has one is waited for, at most `closeWaitMaxMs`.
 * 2. Nobody inside a transaction of this database gets a second connection: with SQLite it would wait for the transaction
 *    that waits for it, for ever; elsewhere it would not see the transaction's rows.
 */
import { CantleError, type Clock } from "@cantle/core";
import { insideTransaction } from "@cantle/mesh";
import type { ConnectionProvider, DatabaseConnection, Driver } from "kysely";

/** How long closing waits for queries and transactions that still run. */
export const closeWaitMaxMs = 10_000;

/** Hands out a driver's connections and knows how many are out. */
export class Gate implements ConnectionProvider {
  readonly #driver: Driver;
  #closing = false;
  #inUse = 0;
  #whenIdle: (() => void) | undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  async provideConnection<R>(use: (connection: DatabaseConnection) => Promise<R>): Promise<R> {
    if (insideTransaction(this)) {
      throw new CantleError("TRANSACTION_MISUSED", "the database was used past its own transaction", {
        help: "inside `database.transaction(async (tx) => ...)` use `tx` for every query",
      });
    }
    if (this.#closing) throw new CantleError("DRAINING", "the database is closing and takes no new queries");
    this.#inUse++;
    try {
      const connection = await this.#driver.acquireConnection();
      try {
        return await use(connection);
      } finally {
        await this.#driver.releaseConnection(connection);
      }
    } finally {
      this.#inUse--;
      if (this.#inUse === 0) this.#whenIdle?.();
    }
  }

  /** Refuses what is new and resolves when nothing is in use; false when the wait was given up. */
  close(clock: Clock): Promise<boolean> {
    this.#closing = true;
    if (this.#inUse === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = clock.after(closeWaitMaxMs, () => resolve(false));
      this.#whenIdle = () => {
        timer.cancel();
        resolve(true);
      };
    });
  }
}

/** One connection until it is ended: what a `tx` stands on. Queries after the end are refused, floating ones too. */
export class Lease implements ConnectionProvider {
  readonly #connection: DatabaseConnection;
  #ended = false;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  end(): void {
    this.#ended = true;
  }

  async provideConnection<R>(use: (connection: DatabaseConnection) => Promise<R>): Promise<R> {
    if (this.#ended) {
      throw new CantleError("TRANSACTION_MISUSED", "a query was made on a transaction that has ended", {
        help: "await every query inside the callback of `database.transaction`, and do not keep `tx`",
      });
    }
    return use(this.#connection);
  }
}
