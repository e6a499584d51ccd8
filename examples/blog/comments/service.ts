/**
 * The comments service: what people say under articles.
 *
 * It knows articles by id only, so the comments of a removed article are out of sight for good, even when a new article
 * takes over its slug.
 */
import { isFailure } from "@cantle/contract";
import { service } from "@cantle/service";
import { articles } from "../articles/contract.ts";
import { authorOf, authorsOf } from "../conduit/authors.ts";
import { comments, commentsShownMax } from "./contract.ts";
import type { CommentRow } from "./tables.ts";
import { type Comments, uses } from "./uses.ts";

export default service(comments, {
  uses,
  handlers: {
    async list({ slug }, context) {
      const articleId = await articleIdOf(slug, context);
      const rows = await context.database
        .selectFrom("comments")
        .selectAll()
        .where("article_id", "=", articleId)
        .orderBy("id", "desc")
        .limit(commentsShownMax)
        .execute();
      const author = await authorsOf(rows, context.caller?.id, context);
      return { comments: rows.map((row) => ({ ...shown(row), author: author(row) })) };
    },

    async add({ slug, comment }, context) {
      const { caller, clock, database, fail } = context;
      const [articleId, author] = await Promise.all([articleIdOf(slug, context), authorOf(caller.id, context)]);
      if (author === undefined) throw fail("AccountGone");
      const row: CommentRow = {
        id: await nextId(database),
        article_id: articleId,
        author_id: caller.id,
        author_name: author.username,
        body: comment.body,
        created_at: new Date(clock.wallMs()).toISOString(),
      };
      await database.insertInto("comments").values(row).execute();
      return { comment: { ...shown(row), author } };
    },

    async remove({ slug, id }, context) {
      const { caller, database, fail } = context;
      const articleId = await articleIdOf(slug, context);
      const row = await database
        .selectFrom("comments")
        .select("author_id")
        .where("id", "=", id)
        .where("article_id", "=", articleId)
        .executeTakeFirst();
      if (row === undefined) throw fail("NoSuchComment");
      if (row.author_id !== caller.id) throw fail("NotYours");
      await database.deleteFrom("comments").where("id", "=", id).execute();
    },
  },
});

/** A comment never changes, so it was updated when it was made. */
const shown = ({ id, body, created_at }: CommentRow) => ({ id, body, createdAt: created_at, updatedAt: created_at });

async function articleIdOf(
  slug: string,
  context: Comments & { readonly fail: (name: "NoSuchArticle") => Error },
): Promise<number> {
  try {
    return (await context.articles.locate({ slug })).id;
  } catch (error) {
    throw isFailure(error, articles.operations.locate, "NoSuchArticle") ? context.fail("NoSuchArticle") : error;
  }
}

async function nextId(database: Comments["database"]): Promise<number> {
  const { last_id } = await database
    .updateTable("sequence")
    .set((row) => ({ last_id: row("last_id", "+", 1) }))
    .returning("last_id")
    .executeTakeFirstOrThrow();
  return last_id;
}
