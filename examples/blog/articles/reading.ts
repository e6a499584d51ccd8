/** One article: reading it, liking it, and telling other services which one a slug means. */
import { implement } from "@cantle/contract";
import { articleBySlug } from "./articles.ts";
import { articles } from "./contract.ts";
import { presentOne } from "./present.ts";
import { uses } from "./uses.ts";

const { operations } = articles;

/** An article. */
export const read = implement(operations.read, { uses }, async ({ slug }, context) => {
  const row = await articleBySlug(context.database, slug);
  if (row === undefined) throw context.fail("NoSuchArticle");
  return presentOne(row, context.caller?.id, context);
});

/** Adds to the favorites of the caller. */
export const favorite = implement(operations.favorite, { uses }, async ({ slug }, context) => {
  const { caller, database, fail } = context;
  const row = await articleBySlug(database, slug);
  if (row === undefined) throw fail("NoSuchArticle");
  await database
    .insertInto("favorites")
    .values({ article_id: row.id, user_id: caller.id })
    .onConflict((same) => same.doNothing())
    .execute();
  return presentOne(row, caller.id, context);
});

/** Takes away from the favorites of the caller. */
export const unfavorite = implement(operations.unfavorite, { uses }, async ({ slug }, context) => {
  const { caller, database, fail } = context;
  const row = await articleBySlug(database, slug);
  if (row === undefined) throw fail("NoSuchArticle");
  await database.deleteFrom("favorites").where("article_id", "=", row.id).where("user_id", "=", caller.id).execute();
  return presentOne(row, caller.id, context);
});

/** Which article a slug means. */
export const locate = implement(operations.locate, { uses }, async ({ slug }, { database, fail }) => {
  const row = await database.selectFrom("articles").select("id").where("slug", "=", slug).executeTakeFirst();
  if (row === undefined) throw fail("NoSuchArticle");
  return row;
});
