/** What articles keeps, and how its tables came about. No other service reads them. */
import type { Migrations } from "@cantle/database";

/** An article. */
export interface ArticleRow {
  /** Rises as articles arrive, and is never given twice; unlike the slug. */
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly body: string;
  readonly author_id: string;
  /** The author's username when this was last written; see `conduit/authors.ts`. */
  readonly author_name: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** An article carries a tag. */
export interface TagRow {
  readonly article_id: number;
  readonly tag: string;
}

/** A user likes an article. */
export interface FavoriteRow {
  readonly article_id: number;
  readonly user_id: string;
}

/** The tables of articles. */
export interface Tables {
  readonly articles: ArticleRow;
  readonly tags: TagRow;
  readonly favorites: FavoriteRow;
  /** One row: the last id given. In standard SQL, so that SQLite and PostgreSQL count alike. */
  readonly sequence: { readonly last_id: number };
}

/** The history of the schema. */
export const migrations: Migrations = {
  "0001-articles": `
    create table articles (
      id integer not null primary key,
      slug text not null unique,
      title text not null,
      description text not null,
      body text not null,
      author_id text not null,
      author_name text not null,
      created_at text not null,
      updated_at text not null
    );
    create index articles_by_author on articles (author_id, id);
    create table tags (
      article_id integer not null references articles (id),
      tag text not null,
      primary key (article_id, tag)
    );
    create index tags_by_tag on tags (tag, article_id);
    create table favorites (
      article_id integer not null references articles (id),
      user_id text not null,
      primary key (article_id, user_id)
    );
    create index favorites_by_user on favorites (user_id, article_id);
    create table sequence (last_id integer not null);
    insert into sequence (last_id) values (0);
  `,
};
