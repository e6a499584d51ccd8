/** Transactions: all or nothing, one after the other in effect, and nothing past their end. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { insideTransaction } from "@cantle/mesh";
import type { Transaction } from "../queries.ts";
import type { Opened, Subject, Tables } from "./subject.ts";

async function read(db: Opened["db"] | Transaction<Tables>, name = "a"): Promise<number | undefined> {
  const row = await db.selectFrom("counters").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value;
}

async function put(db: Opened["db"] | Transaction<Tables>, name: string, value: number): Promise<void> {
  await db.insertInto("counters").values({ name, value }).execute();
}

/** Reads, lets others run, and writes what follows from what it read: where updates are lost, they are lost here. */
async function increment({ db }: Opened): Promise<void> {
  await db.transaction(async (tx) => {
    const value = await read(tx);
    await new Promise((resolve) => setImmediate(resolve));
    await tx
      .updateTable("counters")
      .set({ value: Number(value) + 1 })
      .where("name", "=", "a")
      .execute();
  });
}

/** The tests. */
export function transactions(subject: Subject): void {
  const skip = !subject.shared && "this engine's databases are never opened twice";
  describe(`${subject.name}: transactions`, () => {
    test("commit together and answer with what the callback answered", async (t) => {
      const { db } = await subject.openCounters(t);
      const result = await db.transaction(async (tx) => {
        await put(tx, "a", 1);
        await put(tx, "b", 2);
        return "done";
      });
      assert.equal(result, "done");
      assert.deepEqual([await read(db, "a"), await read(db, "b")], [1, 2]);
    });

    test("leave nothing behind when the callback throws, whose error comes through unchanged", async (t) => {
      const { db } = await subject.openCounters(t);
      const oops = new RangeError("oops");
      const failing = db.transaction(async (tx) => {
        await put(tx, "a", 1);
        throw oops;
      });
      await assert.rejects(failing, (error) => error === oops);
      assert.equal(await read(db), undefined);
      await put(db, "a", 2);
      assert.equal(await read(db), 2);
    });

    test("leave nothing behind when a statement in them fails", async (t) => {
      const { db } = await subject.openCounters(t);
      const failing = db.transaction(async (tx) => {
        await put(tx, "a", 1);
        await put(tx, "a", 1);
      });
      await assert.rejects(failing);
      assert.equal(await read(db), undefined);
    });

    test("see their own writes, which nobody else sees before they commit", async (t) => {
      const { db } = await subject.openCounters(t);
      const [written, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const writing = db.transaction(async (tx) => {
        await put(tx, "a", 1);
        assert.equal(await read(tx), 1);
        written.resolve();
        await looked.promise;
        throw new RangeError("oops");
      });
      await written.promise;
      // An engine may answer at once or after the transaction; never with the row.
      const outside = read(db);
      looked.resolve();
      await assert.rejects(writing, RangeError);
      assert.equal(await outside, undefined);
    });

    test("lose no update of 8 at once", async (t) => {
      const opened = await subject.openCounters(t);
      await put(opened.db, "a", 0);
      await Promise.all(Array.from({ length: 8 }, () => increment(opened)));
      assert.equal(await read(opened.db), 8);
    });

    test("lose no update of two instances with 8 at once each", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const one = await subject.openCounters(t, url);
      const other = await subject.openCounters(t, url);
      await put(one.db, "a", 0);
      await Promise.all(Array.from({ length: 16 }, (_, index) => increment(index % 2 === 0 ? one : other)));
      assert.deepEqual([await read(one.db), await read(other.db)], [16, 16]);
    });

    test("may run queries at once", async (t) => {
      const { db } = await subject.openCounters(t);
      await db.transaction(async (tx) => void (await Promise.all([put(tx, "a", 1), put(tx, "b", 2), read(tx)])));
      assert.equal(await read(db, "b"), 2);
    });

    test("end with their callback: a query on a kept `tx` is refused and does nothing", async (t) => {
      const { db } = await subject.openCounters(t);
      for (const end of [async () => {}, () => Promise.reject(new RangeError("oops"))]) {
        let kept: Transaction<Tables> | undefined;
        await db
          .transaction(async (tx) => {
            kept = tx;
            await end();
          })
          .catch(() => {});
        await assert.rejects(put(kept!, "a", 1), /transaction that has ended/);
      }
      assert.equal(await read(db), undefined);
    });

    test("take along or refuse a query that was not awaited; it never lands after a rollback", async (t) => {
      const { db } = await subject.openCounters(t);
      let floating: Promise<unknown> | undefined;
      const failing = db.transaction(async (tx) => {
        const later = Promise.resolve().then(() => put(tx, "b", 1));
        floating = Promise.allSettled([put(tx, "a", 1), later]);
        throw new RangeError("oops");
      });
      await assert.rejects(failing, RangeError);
      await floating;
      assert.deepEqual([await read(db, "a"), await read(db, "b")], [undefined, undefined]);
    });

    test("do not nest, and refuse to be passed by, rather than wait for themselves", async (t) => {
      const { db } = await subject.openCounters(t);
      const inside = (run: (tx: Transaction<Tables>) => Promise<unknown>) => db.transaction(run);
      await assert.rejects(
        inside(() => db.transaction(async () => {})),
        /inside another one/,
      );
      await assert.rejects(
        inside(() => put(db, "a", 1)),
        /past its own transaction/,
      );
      await assert.rejects(
        inside(() => read(db)),
        /past its own transaction/,
      );
      assert.equal(await read(db), undefined);
    });

    test("are known to the mesh while the callback runs", async (t) => {
      const { db } = await subject.openCounters(t);
      assert.equal(insideTransaction(), false);
      await db.transaction(async (tx) => {
        await put(tx, "a", 1);
        assert.equal(insideTransaction(), true);
      });
      assert.equal(insideTransaction(), false);
    });
  });
}
