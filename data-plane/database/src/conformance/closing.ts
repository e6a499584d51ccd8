/** Closing: what runs is finished, what is new is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Opened, Subject } from "./subject.ts";

const count = async ({ db }: Opened) => (await db.selectFrom("counters").select("name").execute()).length;

/** The tests. */
export function closing(subject: Subject): void {
  const skip = !subject.shared && "this engine's databases are never opened twice";
  describe(`${subject.name}: closing`, () => {
    test("waits for a transaction that runs and for what waits behind it", async (t) => {
      const opened = await subject.openCounters(t);
      const { db, close } = opened;
      const [begun, hold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const running = db.transaction(async (tx) => {
        begun.resolve();
        await hold.promise;
        await tx.insertInto("counters").values({ name: "a", value: 1 }).execute();
        return "committed";
      });
      await begun.promise;
      const waiting = db.insertInto("counters").values({ name: "b", value: 2 }).executeTakeFirst();
      let closed = false;
      const closing = close().then(() => {
        closed = true;
      });
      await assert.rejects(count(opened), { code: "DRAINING" });
      assert.equal(closed, false);
      hold.resolve();
      assert.equal(await running, "committed");
      assert.equal((await waiting).numInsertedOrUpdatedRows, 1n);
      await closing;
    });

    test("keeps what was committed, for the next opening", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const first = await subject.openCounters(t, url);
      await first.db.insertInto("counters").values({ name: "a", value: 1 }).execute();
      await first.close();
      assert.equal(await count(await subject.openCounters(t, url)), 1);
    });

    test("does not disturb another opening of the same database", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const [first, second] = [await subject.openCounters(t, url), await subject.openCounters(t, url)];
      await first.close();
      await second.db.insertInto("counters").values({ name: "a", value: 1 }).execute();
      assert.equal(await count(second), 1);
    });

    test("twice is the same as once; then queries, transactions and the check are refused", async (t) => {
      const { db, check, close } = await subject.openCounters(t);
      await check();
      await Promise.all([close(), close()]);
      await close();
      await assert.rejects(check(), { code: "DRAINING" });
      await assert.rejects(
        db.transaction(async () => {}),
        { code: "DRAINING" },
      );
    });
  });
}
