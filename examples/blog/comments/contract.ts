/** What comments promises: what people say under an article, newest first. */
import { contract, del, get, post } from "@cantle/contract";
import { z } from "zod";
import { Profile } from "../accounts/contract.ts";
import { prose } from "../conduit/text.ts";

/** The most comments shown under one article: the newest. */
export const commentsShownMax = 500;

/** A comment as it is shown. */
export const Comment = z.object({
  id: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  body: z.string(),
  author: Profile,
});

const NewComment = z.object({ body: prose(5_000) });
const BySlug = z.object({ slug: z.string() });

const NoSuchArticle = { status: 404, description: "there is no such article" };
const AccountGone = { status: 401, description: "the account of this token is gone" };

/** The contract of the comments service. */
export const comments = contract("comments", {
  version: "1.0.0",
  operations: {
    list: get("/articles/{slug}/comments", {
      access: "public",
      summary: "The comments under an article.",
      input: BySlug,
      output: z.object({ comments: z.array(Comment) }),
      errors: { NoSuchArticle },
    }),
    add: post("/articles/{slug}/comments", {
      access: "user",
      summary: "Comments on an article.",
      input: BySlug.extend({ comment: NewComment }),
      output: z.object({ comment: Comment }),
      errors: { NoSuchArticle, AccountGone },
    }),
    remove: del("/articles/{slug}/comments/{id}", {
      access: "user",
      summary: "Takes a comment of one's own back.",
      input: BySlug.extend({ id: z.int().positive() }),
      errors: {
        NoSuchArticle,
        NoSuchComment: { status: 404, description: "there is no such comment" },
        NotYours: { status: 403, description: "this comment is somebody else's" },
      },
    }),
  },
});
