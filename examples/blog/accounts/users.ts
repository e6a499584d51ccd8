/** Finding people, by each of the ways they are known. */

import type { UserRow } from "./tables.ts";
import type { Accounts } from "./uses.ts";

type Database = Accounts["database"];

/** What usernames are compared by, so that nobody can pass for somebody by a capital letter or a wide one. */
export const usernameKey = (username: string): string => username.normalize("NFKC").toLowerCase();

/** The user with this id. */
export function userById(database: Database, id: string): Promise<UserRow | undefined> {
  return database.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The user with this address, in whatever spelling. */
export function userByEmail(database: Database, email: string): Promise<UserRow | undefined> {
  const spelling = email.trim().toLowerCase();
  return database.selectFrom("users").selectAll().where("email", "=", spelling).executeTakeFirst();
}

/** The user with this name, in whatever spelling. */
export function userByName(database: Database, username: string): Promise<UserRow | undefined> {
  return database.selectFrom("users").selectAll().where("username_key", "=", usernameKey(username)).executeTakeFirst();
}

/** Which of a user's two names somebody else has. To be asked after the database refused them, so that nobody slips in between. */
export async function takenName(
  database: Database,
  user: { readonly id: string; readonly email?: string | undefined },
): Promise<"EmailTaken" | "UsernameTaken"> {
  const other = user.email === undefined ? undefined : await userByEmail(database, user.email);
  return other !== undefined && other.id !== user.id ? "EmailTaken" : "UsernameTaken";
}
