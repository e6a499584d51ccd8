/** The rules of articles, through the API. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Answer, assertRefused, type Member, member, visitor } from "../conduit/visitor.ts";
import { startBlog } from "../testing.ts";

const blog = await startBlog();
after(() => blog.stop());
const anybody = visitor(blog.url);

const draft = { title: "A title", description: "What it is about", body: "What it says." };

async function write({ ask }: Member, article: object = {}): Promise<any> {
  const { status, body } = await ask("POST /articles", { article: { ...draft, ...article } });
  assert.equal(status, 201, JSON.stringify(body));
  return body.article;
}

const slugs = ({ body }: Answer): string[] => body.articles.map((article: { slug: string }) => article.slug);

test("a new article has all its members, sorted tags and its author", async () => {
  const ann = await member(blog.url, "ann");
  const { createdAt, updatedAt, ...article } = await write(ann, { title: "All members", tagList: ["b", " a ", "b"] });
  assert.deepEqual(article, {
    ...draft,
    title: "All members",
    slug: "all-members",
    tagList: ["a", "b"],
    favorited: false,
    favoritesCount: 0,
    author: { username: ann.user.username, bio: "", image: "", following: false },
  });
  assert.equal(new Date(createdAt).toISOString(), createdAt);
  assert.equal(updatedAt, createdAt);
});

test("an article that does not fit is refused, and says where", async () => {
  const { ask } = await member(blog.url);
  const misfits: [RegExp, unknown][] = [
    [/^article/, {}],
    [/article\.title/, { article: { ...draft, title: undefined } }],
    [/article\.title/, { article: { ...draft, title: " " } }],
    [/article\.title/, { article: { ...draft, title: null } }],
    [/article\.title/, { article: { ...draft, title: "x".repeat(256) } }],
    [/article\.title/, { article: { ...draft, title: "a\u0000b" } }],
    [/article\.description/, { article: { ...draft, description: "" } }],
    [/article\.description/, { article: { ...draft, description: "x".repeat(1_001) } }],
    [/article\.body/, { article: { ...draft, body: "\n " } }],
    [/article\.body/, { article: { ...draft, body: "x".repeat(200_001) } }],
    [/article\.tagList/, { article: { ...draft, tagList: null } }],
    [/article\.tagList/, { article: { ...draft, tagList: "a" } }],
    [/article\.tagList/, { article: { ...draft, tagList: [1] } }],
    [/article\.tagList/, { article: { ...draft, tagList: [""] } }],
    [/article\.tagList/, { article: { ...draft, tagList: ["x".repeat(51)] } }],
    [/article\.tagList/, { article: { ...draft, tagList: Array.from({ length: 21 }, (_, at) => `${at}`) } }],
  ];
  for (const [about, body] of misfits) assertRefused(await ask("POST /articles", body), 422, about);
});

test("lists and the feed show articles without their body", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const { body: _, ...listed } = await write(ann);
  await bob.ask(`POST /profiles/${ann.user.username}/follow`);
  const everywhere = await anybody(`GET /articles?author=${ann.user.username}`);
  assert.deepEqual(everywhere.body, { articles: [listed], articlesCount: 1 });
  const feed = await bob.ask("GET /articles/feed");
  assert.deepEqual(feed.body, {
    articles: [{ ...listed, author: { ...listed.author, following: true } }],
    articlesCount: 1,
  });
  assert.equal((await anybody(`GET /articles/${listed.slug}`)).body.article.body, draft.body);
});

test("articles come newest first, page by page, whatever their number", async () => {
  const ann = await member(blog.url, "pages");
  const written: string[] = [];
  for (let at = 0; at < 105; at++) written.unshift((await write(ann, { title: `Page ${at}` })).slug);
  const list = (query: string) => anybody(`GET /articles?author=${ann.user.username}${query}`);
  assert.deepEqual(slugs(await list("")), written.slice(0, 20));
  assert.deepEqual(slugs(await list("&limit=3&offset=2")), written.slice(2, 5));
  assert.deepEqual(slugs(await list("&limit=100000")), written.slice(0, 100));
  assert.deepEqual(slugs(await list("&offset=1000")), []);
  assert.equal((await list("&limit=1&offset=104")).body.articlesCount, 105);
  for (const misfit of [
    "limit=0",
    "limit=-1",
    "limit=x",
    "limit=1.5",
    "limit=",
    "offset=-1",
    "offset=x",
    "limit=1&limit=2",
  ]) {
    assertRefused(await list(`&${misfit}`), 422, /limit|offset/);
    assertRefused(await ann.ask(`GET /articles/feed?${misfit}`), 422, /limit|offset/);
  }
});

test("filters are by tag, author and whose favorite, and all of them together", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const tag = `tag ' or 1=1 -- ${ann.user.username}`;
  const [one, two] = [await write(ann, { tagList: [tag] }), await write(bob, { tagList: [tag, "other"] })];
  await bob.ask(`POST /articles/${one.slug}/favorite`);
  const list = async (filter: Record<string, string>) =>
    slugs(await anybody(`GET /articles?${new URLSearchParams(filter)}`));
  assert.deepEqual(await list({ tag }), [two.slug, one.slug]);
  assert.deepEqual(await list({ author: ann.user.username }), [one.slug]);
  assert.deepEqual(await list({ favorited: bob.user.username }), [one.slug]);
  assert.deepEqual(await list({ tag, author: bob.user.username }), [two.slug]);
  assert.deepEqual(await list({ tag, author: bob.user.username, favorited: bob.user.username }), []);
  for (const filter of [{ tag: "no such tag" }, { author: "nobody" }, { favorited: "nobody" }])
    assert.deepEqual(await list(filter), []);
});

test("all tags are shown once, sorted, while an article has them", async () => {
  const ann = await member(blog.url, "tags");
  const all = async (): Promise<string[]> => (await anybody("GET /tags")).body.tags;
  const { slug } = await write(ann, { tagList: ["zz-last", "Zz-first", "aa"] });
  await write(ann, { tagList: ["aa"] });
  const tags = await all();
  assert.deepEqual(tags, [...new Set(tags)].sort());
  assert.ok(["zz-last", "Zz-first", "aa"].every((tag) => tags.includes(tag)));
  await ann.ask(`DELETE /articles/${slug}`);
  assert.deepEqual(
    (await all()).filter((tag) => tag.toLowerCase().startsWith("zz-")),
    [],
  );
});

test("namesakes have slugs of their own, also when they come at once", async () => {
  const ann = await member(blog.url, "names");
  const articles = await Promise.all(Array.from({ length: 8 }, () => write(ann, { title: "Same Name" })));
  const distinct = new Set(articles.map((article) => article.slug));
  assert.equal(distinct.size, 8);
  assert.ok(distinct.has("same-name"));
  for (const slug of distinct) assert.match(slug, /^same-name(-[0-9a-f]+)?$/);
});

test("titles of any script have a slug that leads to them, even one that is called Feed", async () => {
  const ann = await member(blog.url, "script");
  for (const title of ["Žluťoučký kůň", "日本語", "🐉", "Feed", "../../etc/passwd", "a".repeat(255)]) {
    const { slug } = await write(ann, { title });
    const { status, body } = await ann.ask(`GET /articles/${slug}`);
    assert.equal(status, 200, title);
    assert.equal(body.article.title, title);
  }
});

test("a new title is a new slug, and the same title the same", async () => {
  const ann = await member(blog.url, "slugs");
  const { slug } = await write(ann, { title: "First thoughts" });
  for (const title of ["First thoughts", "First Thoughts!"]) {
    const { body } = await ann.ask(`PUT /articles/${slug}`, { article: { title } });
    assert.deepEqual([body.article.slug, body.article.title], [slug, title]);
  }
  const { body } = await ann.ask(`PUT /articles/${slug}`, { article: { title: "Second thoughts" } });
  assert.equal(body.article.slug, "second-thoughts");
  assertRefused(await anybody(`GET /articles/${slug}`), 404);
  assert.equal((await anybody("GET /articles/second-thoughts")).status, 200);
});

test("an update changes what it names, leaves the rest, and always moves updatedAt", async () => {
  const ann = await member(blog.url, "update");
  let before = await write(ann, { tagList: ["kept"] });
  for (const change of [
    {},
    { body: "New." },
    { description: "New." },
    { tagList: ["b", "a"] },
    { tagList: [] },
    { body: "New." },
  ]) {
    const { status, body } = await ann.ask(`PUT /articles/${before.slug}`, { article: change });
    assert.equal(status, 200);
    const { updatedAt } = body.article;
    assert.ok(updatedAt > before.updatedAt, `${updatedAt} after ${before.updatedAt}`);
    const tagList = [...(change.tagList ?? before.tagList)].sort();
    assert.deepEqual(body.article, { ...before, ...change, tagList, updatedAt });
    before = body.article;
  }
  for (const article of [{ tagList: null }, { title: "" }, { body: null }, { description: " " }]) {
    assertRefused(await ann.ask(`PUT /articles/${before.slug}`, { article }), 422);
  }
  assert.deepEqual((await ann.ask(`GET /articles/${before.slug}`)).body.article, before);
});

test("updates at the same moment all move updatedAt", async () => {
  const ann = await member(blog.url, "moment");
  const { slug } = await write(ann);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => ann.ask(`PUT /articles/${slug}`, { article: { body: `${at}` } })),
  );
  assert.equal(new Set(answers.map(({ body }) => body.article.updatedAt)).size, 8);
});

test("others' articles are not to be changed or removed", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const { slug } = await write(ann);
  assertRefused(await bob.ask(`PUT /articles/${slug}`, { article: { body: "Mine now." } }), 403);
  assertRefused(await bob.ask(`DELETE /articles/${slug}`), 403);
  for (const request of [
    `PUT /articles/${slug}`,
    `DELETE /articles/${slug}`,
    "POST /articles",
    `POST /articles/${slug}/favorite`,
    "GET /articles/feed",
  ]) {
    const body = /^P\w+ [^ ]*articles(\/[^/]*)?$/.test(request) ? { article: draft } : undefined;
    assertRefused(await anybody(request, body), 401);
  }
  assert.equal((await anybody(`GET /articles/${slug}`)).body.article.body, draft.body);
});

test("an article that is not there is not found", async () => {
  const { ask } = await member(blog.url);
  for (const slug of ["no-such-article", "x".repeat(300), "constructor"]) {
    assertRefused(await anybody(`GET /articles/${slug}`), 404);
    assertRefused(await ask(`PUT /articles/${slug}`, { article: {} }), 404);
    for (const request of [
      `DELETE /articles/${slug}`,
      `POST /articles/${slug}/favorite`,
      `DELETE /articles/${slug}/favorite`,
    ]) {
      assertRefused(await ask(request), 404);
    }
  }
});

test("a favorite counts once for each who likes it, and does not touch the article", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const article = await write(ann);
  const path = `/articles/${article.slug}`;
  for (const _ of [1, 2]) {
    const { status, body } = await bob.ask(`POST ${path}/favorite`);
    assert.equal(status, 200);
    assert.deepEqual(body.article, { ...article, favorited: true, favoritesCount: 1 });
  }
  assert.equal((await ann.ask(`POST ${path}/favorite`)).body.article.favoritesCount, 2);
  assert.equal((await anybody(`GET ${path}`)).body.article.favorited, false);
  for (const _ of [1, 2]) {
    const { body } = await bob.ask(`DELETE ${path}/favorite`);
    assert.deepEqual([body.article.favorited, body.article.favoritesCount], [false, 1]);
  }
});

test("what is removed is gone, with its favorites, for who takes the slug next too", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const { slug } = await write(ann, { title: "Gone tomorrow" });
  await bob.ask(`POST /articles/${slug}/favorite`);
  const removed = await ann.ask(`DELETE /articles/${slug}`);
  assert.deepEqual([removed.status, removed.body], [204, ""]);
  assertRefused(await anybody(`GET /articles/${slug}`), 404);
  assertRefused(await ann.ask(`DELETE /articles/${slug}`), 404);
  const next = await write(bob, { title: "Gone tomorrow" });
  assert.deepEqual([next.slug, next.favoritesCount, next.tagList], [slug, 0, []]);
  assert.deepEqual((await anybody(`GET /articles?favorited=${bob.user.username}`)).body, {
    articles: [],
    articlesCount: 0,
  });
});

test("the feed has the articles of those one follows, and of nobody else", async () => {
  const [ann, bob, cid] = [await member(blog.url, "ann"), await member(blog.url, "bob"), await member(blog.url, "cid")];
  const [one, , three] = [await write(ann), await write(bob), await write(ann)];
  assert.deepEqual((await cid.ask("GET /articles/feed")).body, { articles: [], articlesCount: 0 });
  await cid.ask(`POST /profiles/${ann.user.username}/follow`);
  assert.deepEqual(slugs(await cid.ask("GET /articles/feed")), [three.slug, one.slug]);
  const page = await cid.ask("GET /articles/feed?limit=1&offset=1");
  assert.deepEqual([slugs(page), page.body.articlesCount], [[one.slug], 2]);
  await cid.ask(`DELETE /profiles/${ann.user.username}/follow`);
  assert.deepEqual(slugs(await cid.ask("GET /articles/feed")), []);
});

test("an author who changes name keeps the articles", async () => {
  const ann = await member(blog.url, "before");
  const { slug } = await write(ann);
  const username = ann.user.username.replace("before", "after");
  await ann.ask("PUT /user", { user: { username, bio: "Renamed." } });
  assert.deepEqual(slugs(await anybody(`GET /articles?author=${username}`)), [slug]);
  const { author } = (await anybody(`GET /articles/${slug}`)).body.article;
  assert.deepEqual(author, { username, bio: "Renamed.", image: "", following: false });
});
