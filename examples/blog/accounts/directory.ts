/** What the other services may ask of people: profiles by the hundred, the id behind a name, whom somebody follows. */
import { implement } from "@cantle/contract";
import { accounts, followersPage } from "./contract.ts";
import { userByName } from "./users.ts";
import { type Accounts, uses } from "./uses.ts";

const { operations } = accounts;

/** Profiles by id. */
export const profiles = implement(operations.profiles, { uses }, async ({ ids, viewer }, { database }) => {
  if (ids.length === 0) return { profiles: [] };
  const [users, seen] = await Promise.all([
    database.selectFrom("users").select(["id", "username", "bio", "image"]).where("id", "in", ids).execute(),
    viewer === undefined ? [] : followedBy(database, viewer, ids),
  ]);
  const following = new Set(seen);
  return { profiles: users.map((user) => ({ ...user, following: following.has(user.id) })) };
});

/** The id behind a name. */
export const lookup = implement(operations.lookup, { uses }, async ({ username }, { database }) => {
  return { id: (await userByName(database, username))?.id ?? null };
});

/** Whom somebody follows. */
export const followed = implement(operations.followed, { uses }, async ({ id }, { database }) => {
  return { ids: await followedBy(database, id) };
});

/** Who follows somebody: a page of them. */
export const followers = implement(operations.followers, { uses }, async ({ id, after }, { database }) => {
  const rows = await database
    .selectFrom("follows")
    .select("follower_id")
    .where("followed_id", "=", id)
    .where("follower_id", ">", after)
    .orderBy("follower_id")
    .limit(followersPage)
    .execute();
  return { ids: rows.map((row) => row.follower_id) };
});

async function followedBy(database: Accounts["database"], follower: string, among?: readonly string[]) {
  let query = database.selectFrom("follows").select("followed_id").where("follower_id", "=", follower);
  if (among !== undefined) query = query.where("followed_id", "in", among);
  return (await query.execute()).map((row) => row.followed_id);
}
