/** What comments keeps, and how its tables came about. No other service reads them. */
import type { Migrations } from "@cantle/database";

/** A comment. */
export interface CommentRow {
  /** Rises as comments arrive, and is never given twice. */
  readonly id: number;
  /** The article itself, not its slug: another article may have that tomorrow. */
  readonly article_id: number;
  readonly author_id: string;
  /** The author's username when this was written; see `conduit/authors.ts`. */
  readonly author_name: string;
  readonly body: string;
  readonly created_at: string;
}

/** The tables of comments. */
export interface Tables {
  readonly comments: CommentRow;
  /** One row: the last id given. In standard SQL, so that SQLite and PostgreSQL count alike. */
  readonly sequence: { readonly last_id: number };
}

/** The history of the schema. */
export const migrations: Migrations = {
  "0001-comments": `
    create table comments (
      id integer not null primary key,
      article_id integer not null,
      author_id text not null,
      author_name text not null,
      body text not null,
      created_at text not null
    );
    create index comments_by_article on comments (article_id, id);
    create table sequence (last_id integer not null);
    insert into sequence (last_id) values (0);
  `,
};
