/** What storage keeps of its images, and how its table came about. The bytes are files; see `files.ts`. */
import type { Migrations } from "@cantle/database";
import type { ImageType } from "./contract.ts";

/** An image. */
export interface ImageRow {
  /** Also the name of its file. */
  readonly id: string;
  readonly owner_id: string;
  readonly type: ImageType;
  readonly size_bytes: number;
  readonly created_at: string;
}

/** The tables of storage. */
export interface Tables {
  readonly images: ImageRow;
}

/** The history of the schema. */
export const migrations: Migrations = {
  "0001-images": `
    create table images (
      id text not null primary key,
      owner_id text not null,
      type text not null,
      size_bytes integer not null,
      created_at text not null
    );
    create index images_by_owner on images (owner_id);
  `,
};
