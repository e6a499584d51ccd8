/**
 * The settlement service: it sums up what was paid since the last settlement, in batches, and waits for the clearing house to take
 * it. Settling twice under one name is once, and no payment is in two settlements.
 */
import { setTimeout as moment } from "node:timers/promises";
import { database, type Queries } from "@cantle/database";
import { service } from "@cantle/service";
import { z } from "zod";
import { payment } from "../payment/contract.ts";
import { settlement } from "./contract.ts";

interface Tables {
  settlements: { name: string; paymentCount: number; cents: number; lastId: number };
}

const migrations = {
  "0001-settlements":
    'create table settlements (name text primary key, "paymentCount" integer not null, cents integer not null, "lastId" integer not null)',
};

export default service(settlement, {
  config: z.object({
    /** How long the clearing house takes, ms. */
    clearingMs: z.number().default(200),
  }),
  uses: { payment, database: database<Tables>({ migrations }) },
  handlers: {
    async settle({ name }, { config, database, payment, fail }) {
      const known = await byName(database, name);
      if (known !== undefined) return known;
      const afterId = await lastIdOf(database);
      const settled = { name, paymentCount: 0, cents: 0, lastId: afterId };
      // A page at a time: there may be more payments than one answer holds.
      for (;;) {
        const { payments } = await payment.ofDay({ id: settled.lastId });
        const last = payments.at(-1);
        if (last === undefined) break;
        settled.paymentCount += payments.length;
        settled.cents += payments.reduce((sum, { cents }) => sum + cents, 0);
        settled.lastId = last.id;
      }
      await moment(config.clearingMs);
      return database.transaction(async (tx) => {
        const twin = await byName(tx, name);
        if (twin !== undefined) return twin;
        if ((await lastIdOf(tx)) !== afterId) throw fail("Overtaken");
        await tx.insertInto("settlements").values(settled).execute();
        return settled;
      });
    },
    async read({ name }, { database, fail }) {
      const known = await byName(database, name);
      if (known === undefined) throw fail("NoSuchSettlement");
      return known;
    },
  },
});

function byName(db: Queries<Tables>, name: string) {
  return db.selectFrom("settlements").selectAll().where("name", "=", name).executeTakeFirst();
}

/** The last payment that was settled; 0 before the first. */
async function lastIdOf(db: Queries<Tables>): Promise<number> {
  const { id } = await db
    .selectFrom("settlements")
    .select(({ fn }) => fn.max("lastId").as("id"))
    .executeTakeFirstOrThrow();
  return id ?? 0;
}
