/** The settlement service: it sums up what was paid since the last settlement. Settling twice under one name is once. */
import { database } from "@cantle/database";
import { service } from "@cantle/service";
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
  uses: { payment, database: database<Tables>({ migrations }) },
  handlers: {
    async settle({ name }, { database, payment }) {
      const known = await database.selectFrom("settlements").selectAll().where("name", "=", name).executeTakeFirst();
      if (known !== undefined) return known;
      const last = await database
        .selectFrom("settlements")
        .select(({ fn }) => fn.max("lastId").as("id"))
        .executeTakeFirst();
      const { payments } = await payment.ofDay({ id: last?.id ?? 0 });
      const settled = {
        name,
        paymentCount: payments.length,
        cents: payments.reduce((sum, { cents }) => sum + cents, 0),
        lastId: payments.at(-1)?.id ?? last?.id ?? 0,
      };
      await database
        .insertInto("settlements")
        .values(settled)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return settled;
    },
    async read({ name }, { database, fail }) {
      const known = await database.selectFrom("settlements").selectAll().where("name", "=", name).executeTakeFirst();
      if (known === undefined) throw fail("NoSuchSettlement");
      return known;
    },
  },
});
