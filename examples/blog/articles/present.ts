/** From rows to articles as they are shown: tags, favorites and authors of a whole page in one question each. */
import { authorsOf } from "../conduit/authors.ts";
import type { ArticleRow } from "./tables.ts";
import type { Articles } from "./uses.ts";

/** What of an article is shown in lists. */
export type ListedRow = Omit<ArticleRow, "body">;

/** The columns of a `ListedRow`. */
export const listedColumns = [
  "id",
  "slug",
  "title",
  "description",
  "author_id",
  "author_name",
  "created_at",
  "updated_at",
] as const satisfies readonly (keyof ListedRow)[];

type Here = Pick<Articles, "accounts" | "database" | "log">;

/** These articles, in this order, as `viewer` sees them. */
export async function present<Row extends ListedRow>(rows: readonly Row[], viewer: string | undefined, here: Here) {
  const ids = rows.map((row) => row.id);
  const [author, tags, favorites, favorited] = await Promise.all([
    authorsOf(rows, viewer, here),
    tagsOf(ids, here),
    favoritesOf(ids, here),
    favoritedBy(viewer, ids, here),
  ]);
  return rows.map((row) => ({
    ...row,
    tagList: tags.get(row.id) ?? [],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    favorited: favorited.has(row.id),
    favoritesCount: favorites.get(row.id) ?? 0,
    author: author(row),
  }));
}

/** One article, whole, as `viewer` sees it. */
export async function presentOne(row: ArticleRow, viewer: string | undefined, here: Here) {
  const [article] = await present([row], viewer, here);
  return { article: article! };
}

async function tagsOf(ids: readonly number[], { database }: Here): Promise<Map<number, string[]>> {
  const tags = new Map<number, string[]>();
  if (ids.length === 0) return tags;
  const rows = await database.selectFrom("tags").selectAll().where("article_id", "in", ids).execute();
  for (const { article_id, tag } of rows) tags.set(article_id, [...(tags.get(article_id) ?? []), tag]);
  for (const list of tags.values()) list.sort();
  return tags;
}

async function favoritesOf(ids: readonly number[], { database }: Here): Promise<Map<number, number>> {
  if (ids.length === 0) return new Map();
  const rows = await database
    .selectFrom("favorites")
    .select((row) => ["article_id", row.fn.countAll<number>().as("count")])
    .where("article_id", "in", ids)
    .groupBy("article_id")
    .execute();
  return new Map(rows.map((row) => [row.article_id, Number(row.count)]));
}

async function favoritedBy(
  viewer: string | undefined,
  ids: readonly number[],
  { database }: Here,
): Promise<Set<number>> {
  if (viewer === undefined || ids.length === 0) return new Set();
  const rows = await database
    .selectFrom("favorites")
    .select("article_id")
    .where("user_id", "=", viewer)
    .where("article_id", "in", ids)
    .execute();
  return new Set(rows.map((row) => row.article_id));
}
