/**
 * What articles promises: articles with their tags and favorites, newest first, and the feed of those one follows.
 *
 * Lists leave the `body` out. A slug follows the title and changes with it; the id inside never does, and is what other
 * services remember an article by.
 */
import { contract, del, event, get, post, put } from "@cantle/contract";
import { z } from "zod";
import { Profile } from "../accounts/contract.ts";
import { line, prose } from "../conduit/text.ts";

/** The most articles on a page; whoever asks for more gets this many. */
export const pageMax = 100;

const pageDefault = 20;

/** The most tags that the list of all tags shows. */
export const tagsShownMax = 1_000;

const Listed = z.object({
  slug: z.string(),
  title: z.string(),
  description: z.string(),
  tagList: z.array(z.string()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  favorited: z.boolean(),
  favoritesCount: z.int(),
  author: Profile,
});

/** An article, whole. */
export const Article = Listed.extend({ body: z.string() });

const Title = line(255);
const Description = line(1_000);
const Body = prose(200_000);
const Tags = z.array(line(50)).max(20);

const NewArticle = z.object({ title: Title, description: Description, body: Body, tagList: Tags.default([]) });
const ArticleChange = z.object({ title: Title, description: Description, body: Body, tagList: Tags }).partial();

const Page = z.object({ limit: z.int().min(1).default(pageDefault), offset: z.int().min(0).default(0) });
const Filters = Page.extend({
  tag: z.string().optional(),
  author: z.string().optional(),
  favorited: z.string().optional(),
});

const BySlug = z.object({ slug: z.string() });
const OneArticle = z.object({ article: Article });
const ManyArticles = z.object({ articles: z.array(Listed), articlesCount: z.int() });

/** An article, as it was when it was published; what others keep of it. */
const Published = z.object({
  id: z.int(),
  slug: z.string(),
  title: z.string(),
  author: z.string(),
  at: z.iso.datetime(),
});

const NoSuchArticle = { status: 404, description: "there is no such article" };
const NotYours = { status: 403, description: "this article is somebody else's" };
const AccountGone = { status: 401, description: "the account of this token is gone" };

/** The contract of the articles service. */
export const articles = contract("articles", {
  version: "1.0.0",
  operations: {
    list: get("/articles", {
      access: "public",
      summary: "Articles, newest first, by tag, author or whose favorites they are.",
      input: Filters,
      output: ManyArticles,
    }),
    feed: get("/articles/feed", {
      access: "user",
      summary: "Articles of the users that one follows, newest first.",
      input: Page,
      output: ManyArticles,
    }),
    create: post("/articles", {
      access: "user",
      summary: "Publishes an article.",
      input: z.object({ article: NewArticle }),
      output: OneArticle,
      status: 201,
      errors: { AccountGone },
    }),
    read: get("/articles/{slug}", {
      access: "public",
      summary: "One article.",
      input: BySlug,
      output: OneArticle,
      errors: { NoSuchArticle },
    }),
    update: put("/articles/{slug}", {
      access: "user",
      summary: "Changes an article; what is absent stays. A new title is a new slug.",
      // A repetition would look for the old slug in vain.
      idempotent: false,
      input: BySlug.extend({ article: ArticleChange }),
      output: OneArticle,
      errors: { NoSuchArticle, NotYours },
    }),
    remove: del("/articles/{slug}", {
      access: "user",
      summary: "Removes an article with its tags and favorites.",
      input: BySlug,
      errors: { NoSuchArticle, NotYours },
    }),
    favorite: post("/articles/{slug}/favorite", {
      access: "user",
      summary: "Makes an article a favorite; twice is the same as once.",
      idempotent: true,
      input: BySlug,
      output: OneArticle,
      errors: { NoSuchArticle },
    }),
    unfavorite: del("/articles/{slug}/favorite", {
      access: "user",
      summary: "Makes an article a favorite no more.",
      input: BySlug,
      output: OneArticle,
      errors: { NoSuchArticle },
    }),
    tags: get("/tags", {
      access: "public",
      summary: "The tags of all articles, sorted.",
      output: z.object({ tags: z.array(z.string()) }),
    }),

    locate: get("/internal/articles/{slug}", {
      summary: "The id of the article that has this slug now.",
      timeoutMs: 2_000,
      input: BySlug,
      output: z.object({ id: z.int() }),
      errors: { NoSuchArticle },
    }),
  },
  events: {
    published: event(Published, {
      key: "author",
      summary: "An article is there; of one author in the order in which they were written.",
    }),
  },
});
