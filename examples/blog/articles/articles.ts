/** Finding one article by its slug, and giving the next id. */

import type { ArticleRow } from "./tables.ts";
import type { Articles } from "./uses.ts";

type Database = Articles["database"];

/** The article that has this slug now. */
export function articleBySlug(database: Database, slug: string): Promise<ArticleRow | undefined> {
  return database.selectFrom("articles").selectAll().where("slug", "=", slug).executeTakeFirst();
}

/** An id that no article had before. Taken outside the transaction that uses it: a gap costs less than a wait. */
export async function nextArticleId(database: Database): Promise<number> {
  const { last_id } = await database
    .updateTable("sequence")
    .set((row) => ({ last_id: row("last_id", "+", 1) }))
    .returning("last_id")
    .executeTakeFirstOrThrow();
  return last_id;
}
