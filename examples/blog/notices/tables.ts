/** What notices keeps, and how its table came about. */
import type { Migrations } from "@cantle/database";

/** A notice that went out. */
export interface SentRow {
  readonly id: string;
  readonly reader: string;
  readonly text: string;
  readonly sent_at: string;
}

/** The tables of notices. */
export interface Tables {
  readonly sent: SentRow;
}

/** The history of the schema. */
export const migrations: Migrations = {
  "0001-sent": `
    create table sent (id text not null primary key, reader text not null, text text not null, sent_at text not null);
    create index sent_by_reader on sent (reader, sent_at);
  `,
};
