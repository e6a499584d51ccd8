/**
 * What accounts promises: people, their sessions, and who follows whom.
 *
 * The public operations are those of the Conduit API, bodies wrapped as it wants them. The last three have no `access`, so
 * no gateway shows them: they are what the other services of the blog know of people, and all that they know.
 *
 * `bio` and `image` are strings and never null; the empty string is how they are absent, when read and when cleared.
 */
import { contract, del, get, post, put } from "@cantle/contract";
import { z } from "zod";
import { anyText } from "../conduit/text.ts";

/** How many followers a page has. */
export const followersPage = 500;

/** The most profiles asked for at once. */
export const profilesMax = 500;

/** The most people that one follows. */
export const followsMax = 5_000;

/** One address in all its spellings: no blanks around it, small letters. */
const Email = z.string().trim().toLowerCase().max(254).pipe(z.email("is not an email address"));

/** Letters and digits of any script with single blanks, dots, dashes or underscores between them. */
const Username = z
  .string()
  .trim()
  .normalize("NFC")
  .min(1, "is empty")
  .max(64)
  .regex(/^[\p{L}\p{M}\p{N}_]+([ .-][\p{L}\p{M}\p{N}_]+)*$/u, "has characters that a username cannot have");

const Password = z.string().min(8, "is shorter than 8 characters").max(256);

/** The user that a token stands for, with a fresh one. */
export const User = z.object({
  email: z.string(),
  token: z.string(),
  username: z.string(),
  bio: z.string(),
  image: z.string(),
});

/** What anybody may know of a user; `following` is the view of whoever asks. */
export const Profile = z.object({
  username: z.string(),
  bio: z.string(),
  image: z.string(),
  following: z.boolean(),
});

const NewUser = z.object({ username: Username, email: Email, password: Password });

const UserChange = z
  .object({
    email: Email,
    username: Username,
    password: Password,
    bio: anyText(2_000).trim(),
    image: anyText(2_000).trim(),
  })
  .partial()
  .refine((user) => Object.values(user).some((value) => value !== undefined), "at least one member is needed");

const Credentials = z.object({
  email: z.string().min(1, "is empty").max(254),
  password: z.string().min(1, "is empty").max(256),
});

const ByUsername = z.object({ username: z.string() });

const EmailTaken = { status: 409, description: "email is already taken" };
const UsernameTaken = { status: 409, description: "username is already taken" };
const AccountGone = { status: 401, description: "the account of this token is gone" };
const NoSuchProfile = { status: 404, description: "there is no such profile" };

/** The contract of the accounts service. */
export const accounts = contract("accounts", {
  version: "1.0.0",
  operations: {
    register: post("/users", {
      access: "public",
      summary: "Registers a user and signs it in.",
      input: z.object({ user: NewUser }),
      output: z.object({ user: User }),
      status: 201,
      errors: { EmailTaken, UsernameTaken },
    }),
    login: post("/users/login", {
      access: "public",
      summary: "Signs a user in.",
      input: z.object({ user: Credentials }),
      output: z.object({ user: User }),
      errors: { WrongCredentials: { status: 401, description: "email or password is wrong" } },
    }),
    current: get("/user", {
      access: "user",
      summary: "The signed-in user.",
      output: z.object({ user: User }),
      errors: { AccountGone },
    }),
    update: put("/user", {
      access: "user",
      summary: "Changes the signed-in user; what is absent stays.",
      input: z.object({ user: UserChange }),
      output: z.object({ user: User }),
      errors: { AccountGone, EmailTaken, UsernameTaken },
    }),
    profile: get("/profiles/{username}", {
      access: "public",
      summary: "A user as others see it.",
      input: ByUsername,
      output: z.object({ profile: Profile }),
      errors: { NoSuchProfile },
    }),
    follow: post("/profiles/{username}/follow", {
      access: "user",
      summary: "Follows a user; twice is the same as once.",
      idempotent: true,
      input: ByUsername,
      output: z.object({ profile: Profile }),
      errors: {
        AccountGone,
        NoSuchProfile,
        FollowsFull: { status: 422, description: `one follows ${followsMax} users at most` },
      },
    }),
    unfollow: del("/profiles/{username}/follow", {
      access: "user",
      summary: "Follows a user no more.",
      input: ByUsername,
      output: z.object({ profile: Profile }),
      errors: { NoSuchProfile },
    }),

    profiles: post("/internal/profiles", {
      summary: "The profiles of these users, as `viewer` sees them; ids that nobody has are left out.",
      idempotent: true,
      timeoutMs: 2_000,
      input: z.object({ ids: z.array(z.string()).max(profilesMax), viewer: z.string().optional() }),
      output: z.object({ profiles: z.array(Profile.extend({ id: z.string() })) }),
    }),
    lookup: get("/internal/users/{username}", {
      summary: "The id behind a username; null where nobody has it.",
      timeoutMs: 2_000,
      input: ByUsername,
      output: z.object({ id: z.string().nullable() }),
    }),
    followed: get("/internal/users/{id}/followed", {
      summary: "The ids of the users that this user follows.",
      timeoutMs: 2_000,
      input: z.object({ id: z.string() }),
      output: z.object({ ids: z.array(z.string()) }),
    }),
    followers: get("/internal/users/{id}/followers", {
      summary: "The ids of the users who follow this user, in order, a page after the one that ended with `after`.",
      timeoutMs: 2_000,
      input: z.object({ id: z.string(), after: z.string().default("") }),
      output: z.object({ ids: z.array(z.string()) }),
    }),
  },
});
