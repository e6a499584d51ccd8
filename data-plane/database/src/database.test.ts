import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom, virtualClock } from "@cantle/core";
import type { Binding, BindingHost } from "@cantle/service";
import { silentLogger } from "@cantle/telemetry";
import type { ColumnType, Generated } from "kysely";
import { type Database, database, type Queries, type Transaction } from "./index.ts";

interface Tables {
  accounts: { id: Generated<number>; email: string; opened: ColumnType<string, string, never> };
}

const host = (engine: unknown, url = "postgres://me:secret@db.example/accounts"): BindingHost => ({
  service: "accounts",
  name: "database",
  url,
  engine,
  clock: virtualClock(),
  random: systemRandom(),
  log: silentLogger,
});

test("a database is a binding of the port `database`", () => {
  const binding: Binding = database<Tables>({ migrations: {} });
  assert.deepEqual([binding.kind, binding.port], ["binding", "database"]);
});

for (const engine of [undefined, null, {}, { open: "yes" }, "sqlite"]) {
  test(`an engine that is ${JSON.stringify(engine)} is refused, and the password of the URL is not told`, async () => {
    await assert.rejects(database<Tables>({ migrations: {} }).open(host(engine)), (error: Error & { code: string }) => {
      assert.equal(error.code, "ENGINE_MISSING");
      assert.match(error.message, /'postgres:'/);
      assert.doesNotMatch(JSON.stringify(error) + error.message, /secret/);
      return true;
    });
  });
}

test("migrations that cannot be meant are refused where they are declared", () => {
  assert.throws(() => database<Tables>({ migrations: { "2-b": "", "10-a": "" } }), { code: "SERVICE_INVALID" });
});

test("queries are typed by the tables, and mistakes do not compile", () => {
  // Compiled, never run.
  const compiled = async (db: Database<Tables>) => {
    const email: string = await db.transaction(async (tx) => {
      await tx.insertInto("accounts").values({ email: "a@example.org", opened: "2024" }).execute();
      return (await read(tx)).email;
    });
    await read(db);
    // @ts-expect-error there is no such table
    db.selectFrom("account");
    // @ts-expect-error there is no such column
    db.selectFrom("accounts").select("mail");
    // @ts-expect-error a column is missing
    db.insertInto("accounts").values({ email });
    // @ts-expect-error this column is never updated
    db.updateTable("accounts").set({ opened: "2025" });
    // @ts-expect-error the schema changes in migrations only
    db.schema.dropTable("accounts");
    await db.transaction(async (tx) => {
      // @ts-expect-error transactions do not nest
      await tx.transaction(async () => {});
    });
  };
  const read = (from: Queries<Tables>) => from.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
  const either: (tx: Transaction<Tables>) => Queries<Tables> = (tx) => tx;
  assert.deepEqual([typeof compiled, typeof either], ["function", "function"]);
});

test("the type that handlers get is the binding's `bound`", () => {
  type Bound<B> = B extends { readonly bound?: infer V } ? V : never;
  const binding = database<Tables>({ migrations: {} });
  const typed = (db: NonNullable<Bound<typeof binding>>): Database<Tables> => db;
  assert.deepEqual([typeof typed, "bound" in binding], ["function", false]);
});
