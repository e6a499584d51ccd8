/** A write outside a transaction, in a call whose effects are remembered: a transaction of its own, which is a step. */
import type { CompiledQuery, ConnectionProvider, DatabaseConnection, Driver, QueryResult } from "kysely";
import type { Steps } from "./effects.ts";
import { executeOn, type SqlFlavour } from "./execute.ts";
import { onlyReads } from "./reads.ts";

/** What steps are made with. */
export interface Keyed {
  readonly steps: Steps;
  readonly driver: Driver;
  readonly flavour: SqlFlavour;
}

/** Gives the connections of `gate`, with each write in its own step. */
export function keyedProvider(gate: ConnectionProvider, keyed: Keyed): ConnectionProvider {
  return {
    provideConnection: (use) => gate.provideConnection((connection) => use(new KeyedConnection(connection, keyed))),
  };
}

class KeyedConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  readonly #keyed: Keyed;

  constructor(connection: DatabaseConnection, keyed: Keyed) {
    this.#connection = connection;
    this.#keyed = keyed;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (onlyReads(query)) return this.#connection.executeQuery(query);
    const { steps, driver, flavour } = this.#keyed;
    const connection = this.#connection;
    const execute = executeOn({ provideConnection: (use) => use(connection) }, flavour);
    await driver.beginTransaction(connection, {});
    try {
      const step = steps.begin(statementOf(query));
      const before = await step.recall(execute);
      if (before !== undefined) {
        await driver.rollbackTransaction(connection);
        return before.result as QueryResult<R>;
      }
      const result = await connection.executeQuery<R>(query);
      await step.remember(execute, result);
      await driver.commitTransaction(connection);
      return result;
    } catch (error) {
      await driver.rollbackTransaction(connection).catch(() => {});
      throw error;
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkMax: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery(query, chunkMax);
  }
}

/** What a statement does, whatever values it is run with and for however many rows. */
function statementOf({ sql }: CompiledQuery): string {
  return sql.replace(/(?:\?|\$\d+|[(),\s])+/g, " ");
}
