/** What handlers see of a database: Kysely's query builders, and transactions of ours. */
import type { Kysely } from "kysely";

/**
 * The query builders, the same on a database and inside a transaction; write this type for functions that take either.
 * Templates work too: `` await sql`select 1`.execute(database) ``. The schema is not here: it changes in migrations only.
 */
export type Queries<Tables> = Pick<
  Kysely<Tables>,
  | "selectFrom"
  | "selectNoFrom"
  | "insertInto"
  | "replaceInto"
  | "updateTable"
  | "deleteFrom"
  | "mergeInto"
  | "with"
  | "withRecursive"
  | "fn"
  | "case"
  | "dynamic"
  | "executeQuery"
  | "getExecutor"
>;

/** What the callback of a transaction works with; it ends with the callback. */
export interface Transaction<Tables> extends Queries<Tables> {}

/** A service's own database. */
export interface Database<Tables> extends Queries<Tables> {
  /**
   * Runs `callback` in a serializable transaction: committed when it resolves, rolled back when it throws, and the error
   * comes through unchanged. Inside, use `tx` alone: queries past it, transactions in it and remote calls are errors.
   * Keep it short. With SQLite nobody else writes meanwhile.
   */
  transaction<R>(callback: (tx: Transaction<Tables>) => Promise<R>): Promise<R>;
}
