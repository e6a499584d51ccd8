/** Migrations: once, in order, all or nothing, and refused where program and database contradict each other. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CantleError } from "@cantle/core";
import { sql } from "kysely";
import type { Migration, Migrations } from "../migrations.ts";
import type { Opened, Subject } from "./subject.ts";

const numbers = "create table numbers (n integer not null);";
const insert = (n: number): Migration => ({
  up: async (db) => void (await db.insertInto("numbers").values({ n }).execute()),
});

async function read({ db }: Opened): Promise<number[]> {
  const { rows } = await sql<{ n: number }>`select n from numbers order by n`.execute(db);
  return rows.map(({ n }) => n);
}

function refused(code: string, ...parts: string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CantleError, String(error));
    assert.equal(error.code, code);
    const text = [error.message, error.place, error.help].join("\n");
    for (const part of ["ledger.database", ...parts]) assert.ok(text.includes(part), `'${part}' is not in: ${text}`);
    return true;
  };
}

/** Opens one database again and again, as new versions of a program do. */
async function history(subject: Subject, t: Parameters<Subject["open"]>[0]) {
  const url = await subject.newUrl(t);
  return async (migrations: Migrations) => {
    const opened = await subject.open(t, { url, migrations });
    const found = await read(opened);
    await opened.close();
    return found;
  };
}

/** The tests. */
export function migrations(subject: Subject): void {
  const skip = !subject.shared && "this engine's databases are never opened twice";
  describe(`${subject.name}: migrations`, () => {
    test("run in the order of their names, whatever the order they are written in", async (t) => {
      const ran: string[] = [];
      const step = (name: string): Migration => ({ up: async () => void ran.push(name) });
      const url = await subject.newUrl(t);
      await subject.open(t, { url, migrations: { "0003-c": step("c"), "0001-a": step("a"), "0002-b": step("b") } });
      assert.deepEqual(ran, ["a", "b", "c"]);
    });

    test("in plain SQL may hold several statements", async (t) => {
      const url = await subject.newUrl(t);
      const sql = `${numbers}\ninsert into numbers values (1); insert into numbers values (2);\n-- done;\n`;
      assert.deepEqual(await read(await subject.open(t, { url, migrations: { "0001-numbers": sql } })), [1, 2]);
    });

    test("see rows of their own queries, also of templates without parameters", async (t) => {
      const url = await subject.newUrl(t);
      let found: unknown;
      const up: Migration["up"] = async (db) => {
        found = (await sql`select n from numbers`.execute(db)).rows;
      };
      await subject.open(t, { url, migrations: { "1": numbers, "2": insert(7), "3": { up } } });
      assert.deepEqual(found, [{ n: 7 }]);
    });

    test("that were applied are not run again; new ones are", { skip }, async (t) => {
      const start = await history(subject, t);
      assert.deepEqual(await start({ "1": numbers, "2": insert(1) }), [1]);
      assert.deepEqual(await start({ "1": numbers, "2": insert(1) }), [1]);
      assert.deepEqual(await start({ "1": numbers, "2": insert(1), "3": insert(2) }), [1, 2]);
    });

    test("run once when several instances start at once", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const migrations = { "1": numbers, "2": insert(1), "3": insert(2) };
      const opened = await Promise.all([0, 1, 2, 3].map(() => subject.open(t, { url, migrations })));
      for (const each of opened) assert.deepEqual(await read(each), [1, 2]);
    });

    test("are undone together when one throws, and can be tried again", { skip }, async (t) => {
      const start = await history(subject, t);
      await start({ "1": numbers });
      const oops = new RangeError("oops");
      const broken: Migration = {
        up: async (db) => {
          await db.insertInto("numbers").values({ n: 9 }).execute();
          throw oops;
        },
      };
      await assert.rejects(start({ "1": numbers, "2": insert(1), "3": broken }), (error: Error) => {
        assert.equal(error.cause, oops);
        return refused("MIGRATION_FAILED", "'3'", "migration 3")(error);
      });
      assert.deepEqual(await start({ "1": numbers }), []);
      assert.deepEqual(await start({ "1": numbers, "2": insert(1), "3": insert(3) }), [1, 3]);
    });

    test("in plain SQL are undone when a later statement of theirs fails", { skip }, async (t) => {
      const start = await history(subject, t);
      const broken = `${numbers} insert into numbers values (1); insert into nowhere values (1);`;
      await assert.rejects(start({ "1": broken }), refused("MIGRATION_FAILED", "'1'"));
      assert.deepEqual(await start({ "1": numbers }), []);
    });

    test("that the program lacks are named and refused", { skip }, async (t) => {
      const start = await history(subject, t);
      await start({ "1": numbers, "2": insert(1) });
      await assert.rejects(start({ "1": numbers }), refused("MIGRATION_MISSING", "'2'"));
    });

    test("in plain SQL are refused when their text changed, but not for line endings", { skip }, async (t) => {
      const start = await history(subject, t);
      await start({ "1": `${numbers}\n` });
      await start({ "1": `${numbers}\r\n` });
      await assert.rejects(start({ "1": `${numbers} ` }), refused("MIGRATION_MISSING", "'1'", "new migration"));
    });

    test("that would come before an applied one are refused", { skip }, async (t) => {
      const start = await history(subject, t);
      await start({ "1": numbers, "3": insert(3) });
      await assert.rejects(
        start({ "1": numbers, "2": insert(2), "3": insert(3) }),
        refused("MIGRATION_MISSING", "'2'", "'3'"),
      );
    });

    test("of a newer format are left alone", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const { db, close } = await subject.open(t, { url, migrations: { "1": numbers } });
      await sql`update cantle_meta set value = '2' where key = 'format'`.execute(db);
      await close();
      const again = subject.open(t, { url, migrations: { "1": numbers, "2": insert(1) } });
      await assert.rejects(again, refused("DATA_NEWER", "format 2"));
    });
  });
}
