/**
 * Constraint violations, recognisable whatever the engine. Engines mark their driver's own error, so its message and stack
 * stay what they were; nobody has to know SQLite's numbers or PostgreSQL's states.
 */

/** A rule of a table that a statement broke. */
export type Constraint = "unique" | "foreign-key" | "not-null" | "check";

/** Shared between copies of this package in one process. */
const mark = Symbol.for("cantle.database.constraint");

/** For engines: says which constraint a driver's error is about. */
export function markConstraint(error: object, constraint: Constraint): void {
  Object.defineProperty(error, mark, { value: constraint });
}

/** The constraint that a failed statement broke; undefined for any other error. */
export function violatedConstraint(error: unknown): Constraint | undefined {
  return typeof error === "object" && error !== null
    ? ((error as Record<symbol, unknown>)[mark] as Constraint | undefined)
    : undefined;
}

/**
 * True when a statement failed because a row with that key exists: a primary key, a unique constraint or a unique index.
 *
 * @example
 * try { await tx.insertInto("accounts").values(account).execute(); }
 * catch (error) { throw isUniqueViolation(error) ? fail("EmailTaken", { email }) : error; }
 */
export function isUniqueViolation(error: unknown): boolean {
  return violatedConstraint(error) === "unique";
}
