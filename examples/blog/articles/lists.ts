/** Many articles at once, newest first: everything, by tag, by author, by whose favorites they are, and the feed. */
import { implement } from "@cantle/contract";
import { articles, pageMax, tagsShownMax } from "./contract.ts";
import { listedColumns, present } from "./present.ts";
import { type Articles, uses } from "./uses.ts";

const { operations } = articles;

/** All articles, filtered. */
export const list = implement(operations.list, { uses }, async ({ tag, author, favorited, ...page }, context) => {
  const [authorId, fanId] = await Promise.all([idOf(author, context), idOf(favorited, context)]);
  // Nobody of that name has written or liked anything.
  if (authorId === null || fanId === null) return nothing;
  return pageOf({ tag, authorIds: authorId === undefined ? undefined : [authorId], fanId }, page, context);
});

/** The articles of those whom the caller follows. */
export const feed = implement(operations.feed, { uses }, async (page, context) => {
  const { ids } = await context.accounts.followed({ id: context.caller.id });
  return ids.length === 0 ? nothing : pageOf({ authorIds: ids }, page, context);
});

/** All tags. */
export const tags = implement(operations.tags, { uses }, async (_input, { database }) => {
  const rows = await database.selectFrom("tags").select("tag").distinct().orderBy("tag").limit(tagsShownMax).execute();
  return { tags: rows.map((row) => row.tag).sort() };
});

const nothing = { articles: [], articlesCount: 0 };

/** Undefined where no name is asked for, null where nobody has it. */
async function idOf(username: string | undefined, { accounts }: Articles): Promise<string | null | undefined> {
  return username === undefined ? undefined : (await accounts.lookup({ username })).id;
}

interface Filter {
  readonly tag?: string | undefined;
  readonly authorIds?: readonly string[] | undefined;
  readonly fanId?: string | undefined;
}

interface Page {
  readonly limit: number;
  readonly offset: number;
}

type Viewed = Articles & { readonly caller: { readonly id: string } | undefined };

/** One page of the articles that pass the filter, and how many pass it in all. */
async function pageOf(filter: Filter, { limit, offset }: Page, context: Viewed) {
  const matching = matchingIn(context.database, filter);
  const [rows, { count }] = await Promise.all([
    matching.select(listedColumns).orderBy("id", "desc").limit(Math.min(limit, pageMax)).offset(offset).execute(),
    matching.select((row) => row.fn.countAll<number>().as("count")).executeTakeFirstOrThrow(),
  ]);
  return { articles: await present(rows, context.caller?.id, context), articlesCount: Number(count) };
}

function matchingIn(database: Articles["database"], { tag, authorIds, fanId }: Filter) {
  let query = database.selectFrom("articles");
  if (authorIds !== undefined) query = query.where("author_id", "in", authorIds);
  if (tag !== undefined) {
    query = query.where("id", "in", database.selectFrom("tags").select("article_id").where("tag", "=", tag));
  }
  if (fanId !== undefined) {
    query = query.where("id", "in", database.selectFrom("favorites").select("article_id").where("user_id", "=", fanId));
  }
  return query;
}
