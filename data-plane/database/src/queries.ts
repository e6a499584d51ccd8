/** What handlers see of a database: Kysely's query builders, and transactions of ours. */
import type { Channel, Publishing } from "@cantle/contract";
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

/** For read models that are made anew. */
export interface Forgetting {
  /**
   * Forgets that this service handled messages of an event or queue, so that they have their effect again when they are read
   * again (`cantle topics seek`). Without it, what the inbox remembers would keep a read model empty.
   */
  forget(source: { readonly channel: Channel }): Promise<void>;
}

/**
 * What the callback of a transaction works with; it ends with the callback. What it publishes (`tx.events.opened(account)`)
 * is stored with the rows, and published when they are committed.
 */
export type Transaction<Tables, C = unknown> = Queries<Tables> & Publishing<C> & Forgetting;

/** How a transaction is run. */
export interface TransactionOptions {
  /**
   * Runs it each time that its message or keyed call comes again, instead of remembering what it did: for what is harmless twice,
   * such as an insert that does nothing where the row is, and in a loop whose rounds are not the same the next time. Default false.
   */
  readonly repeatable?: boolean;
}

/** A service's own database; `C` is the contract of the service. */
export interface Database<Tables, C = unknown> extends Queries<Tables> {
  /**
   * Runs `callback` in a serializable transaction: committed when it resolves, rolled back when it throws, and the error
   * comes through unchanged. Inside, use `tx` alone: queries past it, transactions in it and remote calls are errors.
   * Keep it short. With SQLite nobody else writes meanwhile.
   */
  transaction<R>(callback: (tx: Transaction<Tables, C>) => Promise<R>, options?: TransactionOptions): Promise<R>;
}
