/**
 * Registering, signing in, and the signed-in user.
 *
 * The token is minted before anything is written: when the issuer does not answer, nothing has happened, and nobody is
 * registered without knowing it.
 */
import { implement } from "@cantle/contract";
import { isUniqueViolation } from "@cantle/database";
import { accounts } from "./contract.ts";
import { hashPassword, matches } from "./passwords.ts";
import type { UserRow } from "./tables.ts";
import { takenName, userByEmail, userById, usernameKey } from "./users.ts";
import { type Accounts, uses } from "./uses.ts";

const { operations } = accounts;

/** How long one stays signed in. A token cannot be called back, and every answer here carries a fresh one. */
const sessionTtl = "24h";

/** Makes an account. */
export const register = implement(operations.register, { uses }, async ({ user }, context) => {
  const { clock, database, fail, random } = context;
  const row: UserRow = {
    id: random.hex(16),
    email: user.email,
    username: user.username,
    username_key: usernameKey(user.username),
    password: await hashPassword(user.password, random),
    bio: "",
    image: "",
    created_at: new Date(clock.wallMs()).toISOString(),
  };
  const token = await tokenOf(row.id, context);
  try {
    await database.insertInto("users").values(row).execute();
  } catch (error) {
    throw isUniqueViolation(error) ? fail(await takenName(database, row)) : error;
  }
  return signedIn(row, token);
});

/** Checks a password, in the same time whether or not there is an account. */
export const login = implement(operations.login, { uses }, async ({ user }, context) => {
  const row = await userByEmail(context.database, user.email);
  const right = await matches(user.password, row?.password);
  if (row === undefined || !right) throw context.fail("WrongCredentials");
  return signedIn(row, await tokenOf(row.id, context));
});

/** The account of the caller. */
export const current = implement(operations.current, { uses }, async (_input, context) => {
  const row = await userById(context.database, context.caller.id);
  if (row === undefined) throw context.fail("AccountGone");
  return signedIn(row, await tokenOf(row.id, context));
});

/** Changes the account of the caller. */
export const update = implement(operations.update, { uses }, async ({ user }, context) => {
  const { caller, database, fail, random } = context;
  const { password, ...change } = user;
  const token = await tokenOf(caller.id, context);
  const columns = {
    ...change,
    ...(change.username !== undefined && { username_key: usernameKey(change.username) }),
    ...(password !== undefined && { password: await hashPassword(password, random) }),
  };
  try {
    const row = await database
      .updateTable("users")
      .set(columns)
      .where("id", "=", caller.id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw fail("AccountGone");
    return signedIn(row, token);
  } catch (error) {
    throw isUniqueViolation(error) ? fail(await takenName(database, { id: caller.id, email: change.email })) : error;
  }
});

/** What the user sees of the row; the password is not among it. */
function signedIn({ email, username, bio, image }: UserRow, token: string) {
  return { user: { email, token, username, bio, image } };
}

async function tokenOf(id: string, { identity }: Pick<Accounts, "identity">): Promise<string> {
  return (await identity.mint({ subject: id, ttl: sessionTtl })).token;
}
