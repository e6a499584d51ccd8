/** SQLite's errors, told apart by number (https://www.sqlite.org/rescode.html), and what becomes of them. */
import { CantleError } from "@cantle/core";
import { type Constraint, markConstraint } from "@cantle/database";

/** Result codes; the low byte of an extended one is its family. */
const family = { busy: 5, corrupt: 11, full: 13, protocol: 15, constraint: 19, notADatabase: 26 } as const;

const constraints: ReadonlyMap<number, Constraint> = new Map([
  [275, "check"],
  [787, "foreign-key"],
  [1299, "not-null"],
  [1555, "unique"], // a primary key
  [2067, "unique"],
  [2579, "unique"], // a rowid
]);

function codeOf(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode : undefined;
}

/** True when another connection was in the way, so that the same statement may work a moment later. */
export function isBusy(error: unknown): boolean {
  const low = (codeOf(error) ?? 0) & 0xff;
  return low === family.busy || low === family.protocol;
}

/** The error to throw for what SQLite threw: constraint violations marked, the state of the file as a coded error. */
export function translate(error: unknown, place: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const constraint = constraints.get(code);
  if (constraint !== undefined) markConstraint(error as object, constraint);
  switch (code & 0xff) {
    case family.notADatabase:
      return new CantleError("DATA_DAMAGED", "the file is not an SQLite database", {
        place,
        help: "another program wrote it, or its beginning is lost: choose another path, or restore a backup",
        cause: error,
      });
    case family.corrupt:
      return new CantleError("DATA_DAMAGED", "the database file is damaged", {
        place,
        help: "stop everything that uses it and restore a backup",
        cause: error,
      });
    case family.full:
      return new CantleError("UNAVAILABLE", "the disk of the database is full", { place, cause: error });
    default:
      return error;
  }
}
