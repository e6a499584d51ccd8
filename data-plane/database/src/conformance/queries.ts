/** Queries: values come back as they went in, parameters are data, and failures can be told apart. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { isUniqueViolation, violatedConstraint } from "../constraint.ts";
import type { Subject, Tables } from "./subject.ts";

type Row = Partial<Tables["counters"]> & { name: string };

const odd: readonly Row[] = [
  { name: "empty", label: "" },
  { name: "spaces", label: " \t\r\n " },
  { name: "quotes", label: `'"\`;--` },
  { name: "unicode", label: "e\u0301 é 𝄞 👩‍👩‍👧 \u202e \uffff" },
  { name: "long", label: "x".repeat(1_000_000) },
  { name: "null", label: null, data: null, ratio: null },
  { name: "most", value: Number.MAX_SAFE_INTEGER },
  { name: "least", value: Number.MIN_SAFE_INTEGER },
  { name: "fraction", ratio: 0.1 },
  { name: "tiny", ratio: Number.MIN_VALUE },
  { name: "huge", ratio: Number.MAX_VALUE },
];

/** The tests. */
export function queries(subject: Subject): void {
  describe(`${subject.name}: queries`, () => {
    for (const { name, ...values } of odd) {
      test(`give back what was stored: ${name}`, async (t) => {
        const { db } = await subject.openCounters(t);
        const row = { name, value: 0, label: null, data: null, ratio: null, ...values };
        await db.insertInto("counters").values(row).execute();
        assert.deepEqual(await db.selectFrom("counters").selectAll().execute(), [row]);
      });
    }

    test("give back bytes, also none and 256 KiB", async (t) => {
      const { db } = await subject.openCounters(t);
      for (const [name, size] of Object.entries({ none: 0, all: 256, large: 262_144 })) {
        const data = Uint8Array.from({ length: size }, (_, index) => index % 256);
        await db.insertInto("counters").values({ name, value: 0, data }).execute();
        const row = await db.selectFrom("counters").select("data").where("name", "=", name).executeTakeFirstOrThrow();
        assert.ok(row.data instanceof Uint8Array);
        assert.deepEqual(Uint8Array.from(row.data), data);
      }
    });

    test("never read a parameter as SQL", async (t) => {
      const { db } = await subject.openCounters(t);
      const name = "'); drop table counters; --";
      await db.insertInto("counters").values({ name, value: 1 }).execute();
      const { rows } = await sql`select value from counters where name = ${name}`.execute(db);
      assert.deepEqual(rows, [{ value: 1 }]);
    });

    test("are run again and again with other parameters", async (t) => {
      const { db } = await subject.openCounters(t);
      for (let value = 0; value < 300; value++) {
        await db
          .insertInto("counters")
          .values({ name: `n${value}`, value })
          .execute();
      }
      for (let value = 0; value < 300; value += 7) {
        const found = await db.selectFrom("counters").select("value").where("name", "=", `n${value}`).execute();
        assert.deepEqual(found, [{ value }]);
      }
    });

    test("tell how many rows changed, and give them back when asked", async (t) => {
      const { db } = await subject.openCounters(t);
      const rows = [1, 2, 3].map((value) => ({ name: `n${value}`, value }));
      const inserted = await db.insertInto("counters").values(rows).returning(["name", "value"]).execute();
      assert.deepEqual(inserted, rows);
      const updated = await db.updateTable("counters").set({ label: null }).where("value", ">", 1).executeTakeFirst();
      assert.equal(updated.numUpdatedRows, 2n);
      const deleted = await db.deleteFrom("counters").where("value", ">", 5).executeTakeFirst();
      assert.equal(deleted.numDeletedRows, 0n);
    });

    test("stream, in and outside of transactions, while others write", async (t) => {
      const { db } = await subject.openCounters(t);
      const rows = Array.from({ length: 50 }, (_, value) => ({ name: `n${value}`, value }));
      await db.insertInto("counters").values(rows).execute();
      const read = async (from: Pick<typeof db, "selectFrom">, each: () => Promise<unknown>) => {
        const values: number[] = [];
        for await (const { value } of from.selectFrom("counters").select("value").orderBy("value").stream(7)) {
          values.push(value);
          if (value === 20) await each();
        }
        return values;
      };
      const all = rows.map(({ value }) => value);
      const write = () => db.insertInto("counters").values({ name: "meanwhile", value: 99 }).execute();
      assert.deepEqual(await read(db, write), all);
      assert.deepEqual(await db.transaction((tx) => read(tx, async () => {})), [...all, 99]);
    });

    test("that are left in the middle of a stream leave nothing open", async (t) => {
      const { db } = await subject.openCounters(t);
      const rows = Array.from({ length: 50 }, (_, value) => ({ name: `n${value}`, value }));
      await db.insertInto("counters").values(rows).execute();
      for (let round = 0; round < 50; round++) {
        for await (const _ of db.selectFrom("counters").select("value").stream(1)) break;
      }
      await db.deleteFrom("counters").execute();
    });

    test("tell a unique violation from others, on a primary key and on a unique column", async (t) => {
      const { db } = await subject.openCounters(t);
      await db.insertInto("counters").values({ name: "a", value: 1, label: "x" }).execute();
      const failure = async (row: Row) => {
        const values = { value: 1, ...row } as Tables["counters"];
        return db
          .insertInto("counters")
          .values(values)
          .execute()
          .catch((error: unknown) => error);
      };
      assert.equal(isUniqueViolation(await failure({ name: "a" })), true);
      assert.equal(isUniqueViolation(await failure({ name: "b", label: "x" })), true);
      const missing = await failure({ name: "c", value: null as unknown as number });
      assert.ok(missing instanceof Error);
      assert.equal(isUniqueViolation(missing), false);
      assert.equal(violatedConstraint(missing), "not-null");
      const nowhere = await sql`select * from nowhere`.execute(db).catch((error: unknown) => error);
      assert.ok(nowhere instanceof Error);
      assert.equal(violatedConstraint(nowhere), undefined);
    });

    test("refuse a row that refers to none", async (t) => {
      const url = await subject.newUrl(t);
      const { db } = await subject.open(t, {
        url,
        migrations: {
          "0001": `create table parents (id integer primary key);
                   create table children (parent integer not null references parents (id));`,
        },
      });
      const failing = sql`insert into children (parent) values (${1})`.execute(db);
      await assert.rejects(failing, (error) => violatedConstraint(error) === "foreign-key");
    });
  });
}
