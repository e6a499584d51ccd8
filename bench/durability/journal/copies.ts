/** Copies what it is told, in a table without any constraint: what came twice is there twice. */
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { copies, journal } from "./contracts.ts";

interface Tables {
  copies: { writer: string; number: number };
}

const migrations = { "0001-copies": "create table copies (writer text not null, number integer not null)" };

export default service(copies, {
  uses: { journal, database: database<Tables>({ migrations }) },
  handlers: {
    async count(_input, { database }) {
      const { count } = await database
        .selectFrom("copies")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      return { count };
    },
    async check(_input, { database }) {
      const rows = await database.selectFrom("copies").selectAll().execute();
      const last = new Map<string, number>();
      let disordered = 0;
      for (const { writer, number } of rows) {
        if (number < (last.get(writer) ?? -1)) disordered++;
        last.set(writer, number);
      }
      const distinct = new Set(rows.map(({ writer, number }) => `${writer} ${number}`)).size;
      return { count: rows.length, distinct, disordered };
    },
  },
  on: (subscribe) => [
    subscribe(journal.events.written, async (entry, { database }) => {
      await database.transaction(async (tx) => {
        await tx.insertInto("copies").values(entry).execute();
      });
    }),
  ],
});
