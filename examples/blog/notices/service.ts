/**
 * The notices service: who follows an author is told of each new article.
 *
 *     articles.published ──▶ one notice for each follower, in the queue ──▶ the provider, which fails now and then
 *
 * The queue takes the fan-out apart: each notice is tried by itself, again and again with longer pauses, and one that
 * cannot be sent keeps nobody waiting. After ten attempts it is among the dead letters, with every failure.
 */
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { z } from "zod";
import { accounts } from "../accounts/contract.ts";
import { articles } from "../articles/contract.ts";
import { followersOf } from "../conduit/followers.ts";
import { notices } from "./contract.ts";
import { send } from "./provider.ts";
import { migrations, type Tables } from "./tables.ts";

export default service(notices, {
  config: z.object({ failureShare: z.number().min(0).max(1).default(0.05).describe("How often the provider fails.") }),
  uses: { accounts, articles, database: database<Tables>({ migrations }) },
  handlers: {
    async mine({ limit }, { caller, database }) {
      const rows = await database
        .selectFrom("sent")
        .selectAll()
        .where("reader", "=", caller.id)
        .orderBy("sent_at", "desc")
        .limit(limit)
        .execute();
      return { notices: rows.map(({ reader, text, sent_at }) => ({ to: reader, text, sentAt: sent_at })) };
    },
  },
  on: (subscribe) => [
    subscribe(articles.events.published, async ({ id, title, author }, context) => {
      for await (const readers of followersOf(author, context)) {
        await context.database.transaction(async (tx) => {
          for (const to of readers)
            await tx.queues.notice({ to, text: `New: ${title}` }, { id: `article-${id}-${to}` });
        });
      }
    }),
    subscribe(notices.queues.notice, async ({ to, text }, { clock, config, database, message, random }) => {
      await send({ key: message.id, to, text }, { random, failureShare: config.failureShare });
      const sent_at = new Date(clock.wallMs()).toISOString();
      await database.transaction(async (tx) => {
        await tx.insertInto("sent").values({ id: message.id, reader: to, text, sent_at }).execute();
      });
    }),
  ],
});
