/**
 * Writing articles.
 *
 * Invariants
 * 1. A slug belongs to one article at a time. The database says so; who comes second gets another one.
 * 2. `updated_at` is later after every update than it was before, however fast they come and wherever the clock jumps.
 */
import { implement } from "@cantle/contract";
import type { Random } from "@cantle/core";
import { isUniqueViolation, type Queries } from "@cantle/database";
import { authorOf } from "../conduit/authors.ts";
import { articleBySlug, nextArticleId } from "./articles.ts";
import { articles } from "./contract.ts";
import { later } from "./later.ts";
import { presentOne } from "./present.ts";
import { distinctSlug, slugOf } from "./slug.ts";
import type { ArticleRow, Tables } from "./tables.ts";
import { publishing, uses } from "./uses.ts";

const { operations } = articles;
const slugAttemptsMax = 5;

/** Publishes an article of the caller. */
export const create = implement(operations.create, publishing, async ({ article }, context) => {
  const { caller, clock, database, fail, random } = context;
  const author = await authorOf(caller.id, context);
  if (author === undefined) throw fail("AccountGone");
  const { tagList, ...written } = article;
  const now = new Date(clock.wallMs()).toISOString();
  const id = await nextArticleId(database);
  const unnamed = {
    ...written,
    id,
    author_id: caller.id,
    author_name: author.username,
    created_at: now,
    updated_at: now,
  };
  const row = await withFreeSlug(article.title, random, (slug) =>
    database.transaction(async (tx) => {
      const row: ArticleRow = { ...unnamed, slug };
      await tx.insertInto("articles").values(row).execute();
      await writeTags(tx, id, tagList);
      await tx.events.published({ id, slug, title: row.title, author: caller.id, at: now });
      return row;
    }),
  );
  return presentOne(row, caller.id, context);
});

/** Changes an article of the caller. */
export const update = implement(operations.update, { uses }, async ({ slug, article }, context) => {
  const { caller, clock, database, fail, random } = context;
  const found = await articleBySlug(database, slug);
  if (found === undefined) throw fail("NoSuchArticle");
  if (found.author_id !== caller.id) throw fail("NotYours");
  const { tagList, ...change } = article;
  const write = (naming: { readonly slug?: string }) =>
    database.transaction(async (tx) => {
      const before = await tx.selectFrom("articles").select("updated_at").where("id", "=", found.id).executeTakeFirst();
      if (before === undefined) throw fail("NoSuchArticle");
      if (tagList !== undefined) {
        await tx.deleteFrom("tags").where("article_id", "=", found.id).execute();
        await writeTags(tx, found.id, tagList);
      }
      return tx
        .updateTable("articles")
        .set({ ...change, ...naming, updated_at: later(clock, before.updated_at) })
        .where("id", "=", found.id)
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  const { title } = change;
  const renamed = title !== undefined && slugOf(title) !== slugOf(found.title);
  const row = renamed ? await withFreeSlug(title, random, (slug) => write({ slug })) : await write({});
  return presentOne(row, caller.id, context);
});

/** Removes an article of the caller, and all that hangs on it. */
export const remove = implement(operations.remove, { uses }, async ({ slug }, { caller, database, fail }) => {
  const found = await articleBySlug(database, slug);
  if (found === undefined) throw fail("NoSuchArticle");
  if (found.author_id !== caller.id) throw fail("NotYours");
  await database.transaction(async (tx) => {
    await tx.deleteFrom("tags").where("article_id", "=", found.id).execute();
    await tx.deleteFrom("favorites").where("article_id", "=", found.id).execute();
    await tx.deleteFrom("articles").where("id", "=", found.id).execute();
  });
});

async function writeTags(tx: Queries<Tables>, id: number, tagList: readonly string[]): Promise<void> {
  const rows = [...new Set(tagList)].map((tag) => ({ article_id: id, tag }));
  if (rows.length > 0) await tx.insertInto("tags").values(rows).execute();
}

/** Writes with the slug of the title, and while somebody has that one, with others. Whatever else fails, fails. */
async function withFreeSlug<Row>(title: string, random: Random, write: (slug: string) => Promise<Row>): Promise<Row> {
  let slug = slugOf(title);
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(slug);
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === slugAttemptsMax) throw error;
      slug = distinctSlug(title, random);
    }
  }
}
