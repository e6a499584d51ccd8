/** What feeds keeps, and how its table came about. */
import type { Migrations } from "@cantle/database";

/** An article in somebody's feed. */
export interface EntryRow {
  readonly reader: string;
  readonly article_id: number;
  readonly slug: string;
  readonly title: string;
  readonly published_at: string;
}

/** The tables of feeds. */
export interface Tables {
  readonly entries: EntryRow;
}

/** The history of the schema. */
export const migrations: Migrations = {
  "0001-entries": `
    create table entries (
      reader text not null,
      article_id integer not null,
      slug text not null,
      title text not null,
      published_at text not null,
      primary key (reader, article_id)
    );
  `,
};
