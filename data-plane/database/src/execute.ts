/**
 * One SQL statement with its values: all that the outbox, the inbox and the keys need of a database, so that they work with
 * every engine and with any data layer that can run a statement inside its transaction.
 */
import { CompiledQuery, type ConnectionProvider } from "kysely";

/** Runs a statement and answers with its rows. Values stand where the statement has its placeholders. */
export type Execute = (
  sql: string,
  values: readonly unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** How a database writes its placeholders and its own columns. */
export type SqlFlavour = "sqlite" | "postgres";

/** Statements are written with `?`; PostgreSQL wants `$1`. */
export function inFlavour(flavour: SqlFlavour, execute: Execute): Execute {
  if (flavour === "sqlite") return execute;
  return (sql, values) => {
    let at = 0;
    return execute(
      sql.replaceAll("?", () => `$${++at}`),
      values,
    );
  };
}

/** Runs statements on whatever connection `provider` gives. */
export function executeOn(provider: ConnectionProvider, flavour: SqlFlavour): Execute {
  return inFlavour(flavour, (sql, values) =>
    provider.provideConnection(
      async (connection) =>
        (await connection.executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql, [...values]))).rows,
    ),
  );
}
