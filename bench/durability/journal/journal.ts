/** Writes entries; each is told of in the transaction that writes it. */
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { journal } from "./contracts.ts";

interface Tables {
  entries: { writer: string; number: number };
}

const migrations = { "0001-entries": "create table entries (writer text not null, number integer not null)" };

export default service(journal, {
  uses: { database: database<Tables>({ migrations }) },
  handlers: {
    async write(entry, { database }) {
      await database.transaction(async (tx) => {
        await tx.insertInto("entries").values(entry).execute();
        await tx.events.written(entry);
      });
    },
    async fill({ writers, count }, { database }) {
      await database.transaction(async (tx) => {
        for (let number = 0; number < count; number++) {
          for (const writer of writers) {
            await tx.insertInto("entries").values({ writer, number }).execute();
            await tx.events.written({ writer, number });
          }
        }
      });
    },
    async count(_input, { database }) {
      const { count } = await database
        .selectFrom("entries")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      return { count };
    },
  },
});
