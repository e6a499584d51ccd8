/** What accounts keeps, and how its tables came about. No other service reads them. */
import type { Migrations } from "@cantle/database";

/** A person. */
export interface UserRow {
  readonly id: string;
  readonly email: string;
  /** As it was written. */
  readonly username: string;
  /** As it is compared: `Ann` and `ann` are one name. */
  readonly username_key: string;
  /** A PHC string, see `passwords.ts`. */
  readonly password: string;
  readonly bio: string;
  readonly image: string;
  readonly created_at: string;
}

/** `follower_id` follows `followed_id`. */
export interface FollowRow {
  readonly follower_id: string;
  readonly followed_id: string;
}

/** The tables of accounts. */
export interface Tables {
  readonly users: UserRow;
  readonly follows: FollowRow;
}

/** The history of the schema. */
export const migrations: Migrations = {
  "0001-users": `
    create table users (
      id text not null primary key,
      email text not null unique,
      username text not null,
      username_key text not null unique,
      password text not null,
      bio text not null,
      image text not null,
      created_at text not null
    );
    create table follows (
      follower_id text not null references users (id),
      followed_id text not null references users (id),
      primary key (follower_id, followed_id)
    );
  `,
  "0002-followers": "create index follows_by_followed on follows (followed_id, follower_id)",
};
