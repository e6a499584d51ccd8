/**
 * The payment service: it asks inquiry for the limit of the payer, and books the payment with its two entries, all or nothing.
 *
 * Nobody knows what became of a POST whose answer was lost. With an idempotency key it may be sent again: the key is stored with
 * the payment, in the same transaction, so the second one finds the first.
 */
import { database, type Queries } from "@cantle/database";
import { service } from "@cantle/service";
import { inquiry } from "../inquiry/contract.ts";
import { payment } from "./contract.ts";
import { migrations, type Row, type Tables } from "./tables.ts";

const pageMax = 500;

export default service(payment, {
  uses: { inquiry, database: database<Tables>({ migrations }) },
  handlers: {
    async pay({ reference, from, to, cents }, { database, inquiry, idempotencyKey: key = null, fail }) {
      const row = { id: undefined, key, reference, payer: from, payee: to, cents };
      const { limitCents } = await inquiry.balance({ account: from });
      const booked = await database.transaction(async (tx) => {
        const known = key === null ? undefined : await byKey(tx, key);
        if (known !== undefined) return known;
        if (cents > limitCents) throw fail("OverLimit");
        return book(tx, row);
      });
      if (!isSame(booked, row)) throw fail("KeyTaken");
      return shown(booked);
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
      return { payments: rows.map(shown) };
    },
  },
});

function byKey(db: Queries<Tables>, key: string): Promise<Row | undefined> {
  return db.selectFrom("payments").selectAll().where("key", "=", key).executeTakeFirst();
}

/** The payment, and what it takes from one account and gives to another. */
async function book(tx: Queries<Tables>, row: Row): Promise<Row> {
  const booked = await tx.insertInto("payments").values(row).returningAll().executeTakeFirstOrThrow();
  const { id, payer, payee, cents } = booked;
  const entries = [
    { payment: id as number, account: payer, cents: -cents },
    { payment: id as number, account: payee, cents },
  ];
  await tx.insertInto("entries").values(entries).execute();
  return booked;
}

function isSame(a: Row, b: Row): boolean {
  return a.reference === b.reference && a.payer === b.payer && a.payee === b.payee && a.cents === b.cents;
}

function shown({ id, reference, payer: from, payee: to, cents }: Row) {
  return { id: id as number, reference, from, to, cents };
}
