/**
 * Migrations as they are written, and the decision what to do with a database that has some of them: pure, no database
 * here. `migrate.ts` acts on it.
 *
 * Invariants
 * 1. What was applied is a prefix, by name, of what the program has. So every database got them in the same order.
 * 2. A plain SQL migration that was applied has not changed by a character (line endings aside). Of a function only the
 *    name is known, since its text changes with the compiler.
 */
import { createHash } from "node:crypto";
import { CantleError } from "@cantle/core";
import type { Kysely } from "kysely";
import type { Queries } from "./queries.ts";

/** What a migration works with: the builders and the schema, in the transaction of all the migrations that are new. */
export type MigrationDatabase = Queries<any> & Pick<Kysely<any>, "schema">;

/** One step of the schema, as a function. */
export interface Migration {
  up(db: MigrationDatabase): Promise<void>;
  /** Never called: Cantle only goes forward, and undoes with a new migration. Here so that Kysely's migrations fit. */
  down?(db: MigrationDatabase): Promise<void>;
}

/** All migrations of a database, by name. They run in the order of their names; the value is plain SQL or functions. */
export type Migrations = Readonly<Record<string, string | Migration>>;

/** A migration as it is recorded; `checksum` is empty for a function. */
export interface Recorded {
  readonly name: string;
  readonly checksum: string;
}

/** What a database needs, seen from a program. */
export type Plan =
  | { readonly kind: "ready" }
  | { readonly kind: "pending"; readonly names: readonly string[] }
  /** Applied, and the program does not have them. */
  | { readonly kind: "missing"; readonly names: readonly string[] }
  /** Applied with another text. */
  | { readonly kind: "changed"; readonly names: readonly string[] }
  /** New, and named so that they come before `after`, which is applied. */
  | { readonly kind: "late"; readonly names: readonly string[]; readonly after: string };

/** Decides what a database with `applied` needs from a program with `known`, both in order. */
export function planMigrations(known: readonly Recorded[], applied: readonly Recorded[]): Plan {
  const checksums = new Map(known.map(({ name, checksum }) => [name, checksum]));
  const missing = applied.filter(({ name }) => !checksums.has(name));
  if (missing.length > 0) return { kind: "missing", names: missing.map(nameOf) };
  const changed = applied.filter(({ name, checksum }) => checksums.get(name) !== checksum);
  if (changed.length > 0) return { kind: "changed", names: changed.map(nameOf) };
  const done = new Set(applied.map(nameOf));
  const pending = known.map(nameOf).filter((name) => !done.has(name));
  const after = applied.at(-1)?.name;
  const late = pending.filter((name) => after !== undefined && name < after);
  if (after !== undefined && late.length > 0) return { kind: "late", names: late, after };
  return pending.length > 0 ? { kind: "pending", names: pending } : { kind: "ready" };
}

/** The migrations in order, with checksums. */
export function inOrder(migrations: Migrations): Recorded[] {
  return Object.entries(migrations)
    .map(([name, migration]) => ({ name, checksum: typeof migration === "string" ? checksumOf(migration) : "" }))
    .sort(byName);
}

/** Orders by code units: what JavaScript's `<` says, on every machine. */
export function byName(a: Recorded, b: Recorded): number {
  return a.name < b.name ? -1 : 1;
}

/** Refuses a set of migrations that cannot be meant: `SERVICE_INVALID`. */
export function checkMigrations(migrations: Migrations): void {
  const refuse = (message: string, place: string, help: string) => {
    throw new CantleError("SERVICE_INVALID", message, { place: `migrations.${place}`, help });
  };
  let before = { name: "", number: 0 };
  for (const { name } of inOrder(migrations)) {
    const migration: unknown = migrations[name];
    if (typeof migration !== "string" && typeof (migration as Partial<Migration> | null)?.up !== "function") {
      refuse(
        "a migration is plain SQL or has a function `up`",
        name,
        "write { up: async (db) => { ... } } or a string",
      );
    }
    const number = Number(/^\d+/.exec(name)?.[0] ?? before.number);
    if (number < before.number) {
      refuse(
        `migrations run in the order of their names as text, so '${name}' comes after '${before.name}'`,
        name,
        "give all numbers the same length: 0001-accounts, 0002-emails",
      );
    }
    before = { name, number };
  }
}

/** SHA-256 of a migration's text, in hex; the same on a checkout that turned line endings. */
function checksumOf(text: string): string {
  return createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");
}

function nameOf({ name }: Recorded): string {
  return name;
}
