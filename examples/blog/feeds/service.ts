/**
 * The feeds service: a read model. It keeps what `articles` told, as its readers want it, and asks nobody when it is read.
 *
 * It can be thrown away and made again from the events:
 *
 *     cantle run feeds.clear && cantle topics seek articles.published feeds --to first
 */
import { database, type Queries } from "@cantle/database";
import { service } from "@cantle/service";
import { accounts } from "../accounts/contract.ts";
import { articles } from "../articles/contract.ts";
import { followersOf } from "../conduit/followers.ts";
import { feeds } from "./contract.ts";
import { migrations, type Tables } from "./tables.ts";

export default service(feeds, {
  uses: { accounts, articles, database: database<Tables>({ migrations }) },
  handlers: {
    async mine({ limit }, { caller, database }) {
      const rows = await database
        .selectFrom("entries")
        .selectAll()
        .where("reader", "=", caller.id)
        .orderBy("article_id", "desc")
        .limit(limit)
        .execute();
      return {
        entries: rows.map(({ article_id, slug, title, published_at }) => ({
          articleId: article_id,
          slug,
          title,
          publishedAt: published_at,
        })),
      };
    },
  },
  on: (subscribe) => [
    subscribe(articles.events.published, async ({ id, slug, title, author, at }, context) => {
      for await (const readers of followersOf(author, context)) {
        const rows = readers.map((reader) => ({ reader, article_id: id, slug, title, published_at: at }));
        const enter = (tx: Queries<Tables>) =>
          tx
            .insertInto("entries")
            .values(rows)
            .onConflict((known) => known.doNothing())
            .execute();
        // Who follows may have changed when the event comes again, and the pages with it.
        await context.database.transaction(enter, { repeatable: true });
      }
    }),
  ],
  tasks: {
    /** Empties the read model, before its events are read again. */
    clear: ({ database }) =>
      database.transaction(async (tx) => {
        await tx.forget(articles.events.published);
        return { removed: Number((await tx.deleteFrom("entries").executeTakeFirst()).numDeletedRows) };
      }),
  },
});
