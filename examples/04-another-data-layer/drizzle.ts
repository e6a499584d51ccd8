/**
 * Drizzle over Node's own SQLite, joined to a service. One connection does one thing after the other; a transaction has it
 * alone. With PostgreSQL it would be `drizzle(pool)`, its own `transaction`, and the flavour `postgres`.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { DataLayer, Execute } from "@cantle/database";
import { drizzle, type SqliteRemoteDatabase } from "drizzle-orm/sqlite-proxy";

/** Drizzle, outside transactions and inside. */
export type Drizzle = SqliteRemoteDatabase<Record<string, never>>;

/** Opens the file that the URL names, and makes its tables. */
export async function openDrizzle({ url }: { readonly url: string }): Promise<DataLayer<Drizzle, Drizzle>> {
  const connection = new DatabaseSync(url.slice("sqlite:".length));
  connection.exec("pragma journal_mode = wal; pragma synchronous = full");
  connection.exec(
    "create table if not exists orders (id text primary key, customer text not null, cents integer not null)",
  );
  connection.exec("create table if not exists told (order_id text not null)");

  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  const execute: Execute = async (sql, values) => connection.prepare(sql).all(...(values as SQLInputValue[]));
  // Drizzle wants rows as arrays, and of `get` the first one alone.
  const arrays = async (sql: string, values: unknown[], method: string) => {
    const rows = (await execute(sql, values)).map((row) => Object.values(row));
    return { rows: method === "get" ? (rows[0] as unknown[]) : rows };
  };
  const inside = drizzle(arrays);
  return {
    flavour: "sqlite",
    db: drizzle((...statement) => inTurn(() => arrays(...statement))),
    execute: (sql, values) => inTurn(() => execute(sql, values)),
    transaction: (run) => inTurn(() => inside.transaction((tx) => run(tx as unknown as Drizzle, execute))),
    close: async () => connection.close(),
  };
}
