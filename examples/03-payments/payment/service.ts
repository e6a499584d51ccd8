/** The payment service: it asks inquiry for the limit of the payer, and books. */
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { inquiry } from "../inquiry/contract.ts";
import { payment } from "./contract.ts";

interface Tables {
  payments: { id: number | undefined; reference: string; payer: string; payee: string; cents: number };
}

const migrations = {
  "0001-payments":
    "create table payments (id integer primary key, reference text not null, payer text not null, payee text not null, cents integer not null)",
};
const pageMax = 500;

export default service(payment, {
  uses: { inquiry, database: database<Tables>({ migrations }) },
  handlers: {
    async pay({ reference, from, to, cents }, { database, inquiry, fail }) {
      const { limitCents } = await inquiry.balance({ account: from });
      if (cents > limitCents) throw fail("OverLimit");
      const row = { id: undefined, reference, payer: from, payee: to, cents };
      const { id } = await database.insertInto("payments").values(row).returning("id").executeTakeFirstOrThrow();
      return { id: id as number, reference, from, to, cents };
    },
    async booked(_input, { database }) {
      const bookings = await database
        .selectFrom("payments")
        .select(({ fn }) => ["reference", fn.countAll<number>().as("count")])
        .groupBy("reference")
        .execute();
      return { bookings };
    },
    async ofDay({ id }, { database }) {
      const rows = await database
        .selectFrom("payments")
        .selectAll()
        .where("id", ">", id)
        .orderBy("id")
        .limit(pageMax)
        .execute();
      return {
        payments: rows.map(({ payer: from, payee: to, id, ...row }) => ({ ...row, id: id as number, from, to })),
      };
    },
  },
});
