/**
 * Whose file it is. SQLite keeps two numbers of the application in the header of a file: ours says "Cntl" and the version
 * of the format, so that a file of another program or of a newer Cantle is refused before anything in it changes.
 *
 *     empty ─▶ claimed        ours, known version ─▶ used        anything else ─▶ DATA_NEWER or DATA_DAMAGED
 */
import { CantleError } from "@cantle/core";
import type { Connection } from "./connection.ts";

/** "Cntl", big-endian, as `file` and `pragma application_id` show it. */
const applicationId = 0x436e746c;

/** Raise it when an older Cantle must not open the file any more. */
const formatVersion = 1;

type Found = "empty" | "ours" | "newer" | "foreign";

/** Refuses what is not ours and claims what is empty. May throw busy; then it has done nothing. */
export function claimFile(connection: Connection, place: string): void {
  switch (inspect(connection)) {
    case "ours":
      return;
    case "empty":
      claimEmpty(connection);
      // Another process may have been quicker, and it need not be one of ours.
      claimFile(connection, place);
      return;
    case "newer":
      throw new CantleError("DATA_NEWER", "the database file was written by a newer version of Cantle", {
        place,
        help: "run that version, or restore a backup from before",
      });
    case "foreign":
      throw new CantleError("DATA_DAMAGED", "the file is the database of another application", {
        place,
        help: "choose another path; copy the data over with a migration or a task",
      });
  }
}

function claimEmpty(connection: Connection): void {
  connection.exec("begin immediate");
  try {
    if (inspect(connection) === "empty") {
      connection.exec(`pragma application_id = ${applicationId}; pragma user_version = ${formatVersion}`);
    }
    connection.exec("commit");
  } catch (error) {
    if (connection.inTransaction) connection.exec("rollback");
    throw error;
  }
}

function inspect(connection: Connection): Found {
  const number = (sql: string) => Number(Object.values(connection.run({ sql, parameters: [] }).rows[0] ?? {})[0]);
  const id = number("pragma application_id");
  const version = number("pragma user_version");
  if (id === applicationId) return version <= formatVersion ? "ours" : "newer";
  const empty = id === 0 && version === 0 && number("select count(*) from sqlite_schema") === 0;
  return empty ? "empty" : "foreign";
}
