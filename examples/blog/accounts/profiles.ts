/** People as others see them, and who follows whom. */
import { implement } from "@cantle/contract";
import { accounts, followsMax } from "./contract.ts";
import type { UserRow } from "./tables.ts";
import { userById, userByName } from "./users.ts";
import { type Accounts, uses } from "./uses.ts";

const { operations } = accounts;

/** A user as the caller, if any, sees them. */
export const profile = implement(operations.profile, { uses }, async ({ username }, { caller, database, fail }) => {
  const user = await userByName(database, username);
  if (user === undefined) throw fail("NoSuchProfile");
  const following = caller !== undefined && (await follows(database, caller.id, user.id));
  return seen(user, following);
});

/** Adds to those whom the caller follows. */
export const follow = implement(operations.follow, { uses }, async ({ username }, { caller, database, fail }) => {
  const [follower, user] = await Promise.all([userById(database, caller.id), userByName(database, username)]);
  if (follower === undefined) throw fail("AccountGone");
  if (user === undefined) throw fail("NoSuchProfile");
  await database.transaction(async (tx) => {
    await tx
      .insertInto("follows")
      .values({ follower_id: follower.id, followed_id: user.id })
      .onConflict((same) => same.doNothing())
      .execute();
    const { followed } = await tx
      .selectFrom("follows")
      .select((all) => all.fn.countAll<number>().as("followed"))
      .where("follower_id", "=", follower.id)
      .executeTakeFirstOrThrow();
    if (Number(followed) > followsMax) throw fail("FollowsFull");
  });
  return seen(user, true);
});

/** Takes away from those whom the caller follows. */
export const unfollow = implement(operations.unfollow, { uses }, async ({ username }, { caller, database, fail }) => {
  const user = await userByName(database, username);
  if (user === undefined) throw fail("NoSuchProfile");
  await database
    .deleteFrom("follows")
    .where("follower_id", "=", caller.id)
    .where("followed_id", "=", user.id)
    .execute();
  return seen(user, false);
});

function seen({ username, bio, image }: UserRow, following: boolean) {
  return { profile: { username, bio, image, following } };
}

async function follows(database: Accounts["database"], follower: string, followed: string): Promise<boolean> {
  const row = await database
    .selectFrom("follows")
    .select("followed_id")
    .where("follower_id", "=", follower)
    .where("followed_id", "=", followed)
    .executeTakeFirst();
  return row !== undefined;
}
