/**
 * Brings a database to the migrations of a program, when it is opened.
 *
 * Several instances may start at once, in several processes. What is new runs inside `engine.migrate`, where only one
 * program is at a time, after looking again; all of it or nothing. When nothing is new, nobody waits for anybody.
 *
 * Two tables are ours in every database: `cantle_meta` holds the version of this very format, `cantle_migrations` what
 * was applied. A database of a newer format is refused before anything in it is touched.
 */
import { CantleError, type Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { CompiledQuery, type DatabaseConnection, type Kysely } from "kysely";
import type { OpenEngine } from "./engine.ts";
import { Lease } from "./gate.ts";
import { byName, inOrder, type Migrations, type Plan, planMigrations, type Recorded } from "./migrations.ts";
import type { OpenedDatabase } from "./opened.ts";
import type { Queries } from "./queries.ts";

/** The version of what this file stores. Raise it when an older program must not touch the tables any more. */
const formatVersion = 1;

/** Our tables. */
interface OwnTables {
  cantle_meta: { key: string; value: string };
  cantle_migrations: { name: string; checksum: string; applied_at: string };
}

/** What migrating works with. */
export interface MigrateOptions {
  readonly migrations: Migrations;
  /** The binding, for messages: `accounts.database`. */
  readonly place: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Applies what is new. Throws `MIGRATION_MISSING`, `MIGRATION_FAILED` or `DATA_NEWER`. */
export async function migrate(engine: OpenEngine, database: OpenedDatabase, options: MigrateOptions): Promise<void> {
  const known = inOrder(options.migrations);
  const applied = await readApplied(database, options.place);
  if (applied !== undefined && pendingOf(planMigrations(known, applied), options.place).length === 0) return;
  await engine.migrate(async (connection) => {
    const lease = new Lease(connection);
    const db = database.on<OwnTables>(lease);
    await createOwnTables(db);
    const now = (await readApplied(db, options.place)) ?? [];
    for (const name of pendingOf(planMigrations(known, now), options.place)) {
      await apply(name, { connection, db, options });
      const checksum = known.find((migration) => migration.name === name)?.checksum ?? "";
      const applied_at = new Date(options.clock.wallMs()).toISOString();
      await db.insertInto("cantle_migrations").values({ name, checksum, applied_at }).execute();
      options.log.info("migration applied", { migration: name });
    }
    lease.end();
  });
}

interface Step {
  readonly connection: DatabaseConnection;
  readonly db: Kysely<OwnTables>;
  readonly options: MigrateOptions;
}

async function apply(name: string, { connection, db, options }: Step): Promise<void> {
  const migration = options.migrations[name];
  try {
    if (typeof migration === "string") await connection.executeQuery(CompiledQuery.raw(migration));
    else await migration?.up(db);
  } catch (cause) {
    throw new CantleError("MIGRATION_FAILED", `the migration '${name}' failed and was rolled back`, {
      place: `${options.place}, migration ${name}`,
      help: "mend the migration and start again; the database is as it was before",
      cause,
    });
  }
}

/** What was applied, in order; undefined in a database where our tables are not there yet. */
async function readApplied(db: Queries<OwnTables>, place: string): Promise<Recorded[] | undefined> {
  const format = await db
    .selectFrom("cantle_meta")
    .select("value")
    .where("key", "=", "format")
    .executeTakeFirst()
    .catch(() => undefined);
  if (format === undefined) return undefined;
  if (Number(format.value) > formatVersion) {
    throw new CantleError(
      "DATA_NEWER",
      `the database has format ${format.value}, and this program knows ${formatVersion}`,
      {
        place,
        help: "a newer version of Cantle wrote it: run that version, or restore a backup from before",
      },
    );
  }
  const applied = await db.selectFrom("cantle_migrations").select(["name", "checksum"]).execute();
  return applied.sort(byName);
}

async function createOwnTables(db: Kysely<OwnTables>): Promise<void> {
  await db.schema
    .createTable("cantle_meta")
    .ifNotExists()
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("value", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("cantle_migrations")
    .ifNotExists()
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("checksum", "text", (column) => column.notNull())
    .addColumn("applied_at", "text", (column) => column.notNull())
    .execute();
  await db
    .insertInto("cantle_meta")
    .values({ key: "format", value: String(formatVersion) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
}

/** The names to apply; throws where the database and the program contradict each other. */
function pendingOf(plan: Plan, place: string): readonly string[] {
  const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(", ");
  switch (plan.kind) {
    case "ready":
      return [];
    case "pending":
      return plan.names;
    case "missing":
      throw new CantleError(
        "MIGRATION_MISSING",
        `the database holds migrations this program lacks: ${list(plan.names)}`,
        {
          place,
          help: "run the version that has them; migrations that were applied are never deleted or renamed",
        },
      );
    case "changed":
      throw new CantleError(
        "MIGRATION_MISSING",
        `migrations were changed after they were applied: ${list(plan.names)}`,
        {
          place,
          help: "restore their text, and put the change into a new migration",
        },
      );
    case "late":
      throw new CantleError(
        "MIGRATION_MISSING",
        `'${plan.after}' was applied, and new migrations come before it: ${list(plan.names)}`,
        {
          place,
          help: `rename the new ones so that they come after '${plan.after}'`,
        },
      );
  }
}
