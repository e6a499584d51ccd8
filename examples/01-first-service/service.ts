/** The accounts service: its database, and a handler for each operation of its contract. */
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { accounts } from "./contract.ts";

interface Tables {
  accounts: { id: string; email: string; name: string };
}

const migrations = {
  "0001-accounts": "create table accounts (id text primary key, email text not null, name text not null)",
};

export default service(accounts, {
  uses: { database: database<Tables>({ migrations }) },
  handlers: {
    async open(input, { database, random }) {
      const account = { id: random.hex(8), ...input };
      await database.insertInto("accounts").values(account).execute();
      return account;
    },
    async read({ id }, { database, fail }) {
      const account = await database.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
      if (account === undefined) throw fail("NoSuchAccount");
      return account;
    },
    async change({ id, ...change }, { database, fail }) {
      const { numUpdatedRows } = await database
        .updateTable("accounts")
        .set(change)
        .where("id", "=", id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw fail("NoSuchAccount");
      return { id, ...change };
    },
    async close({ id }, { database, fail }) {
      const { numDeletedRows } = await database.deleteFrom("accounts").where("id", "=", id).executeTakeFirst();
      if (numDeletedRows === 0n) throw fail("NoSuchAccount");
    },
  },
});
