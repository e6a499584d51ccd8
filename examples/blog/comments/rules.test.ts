/** The rules of comments, through the API. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertRefused, type Member, member, visitor } from "../conduit/visitor.ts";
import { startBlog } from "../testing.ts";

const blog = await startBlog();
after(() => blog.stop());
const anybody = visitor(blog.url);

async function publish({ ask }: Member, title = "Something to talk about"): Promise<string> {
  const { body } = await ask("POST /articles", { article: { title, description: "d", body: "b" } });
  return body.article.slug;
}

async function say({ ask }: Member, slug: string, body: string): Promise<any> {
  const answer = await ask(`POST /articles/${slug}/comments`, { comment: { body } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.comment;
}

const under = async (slug: string): Promise<string[]> =>
  (await anybody(`GET /articles/${slug}/comments`)).body.comments.map((comment: { body: string }) => comment.body);

test("a comment has all its members", async () => {
  const ann = await member(blog.url, "ann");
  const { id, createdAt, ...comment } = await say(ann, await publish(ann), "  Well said.\n");
  assert.ok(Number.isSafeInteger(id));
  assert.equal(new Date(createdAt).toISOString(), createdAt);
  const author = { username: ann.user.username, bio: "", image: "", following: false };
  assert.deepEqual(comment, { body: "  Well said.\n", updatedAt: createdAt, author });
});

test("comments come newest first, each under its own article", async () => {
  const ann = await member(blog.url, "ann");
  const [one, two] = [await publish(ann), await publish(ann)];
  assert.deepEqual(await under(one), []);
  for (const body of ["first", "second", "third"]) await say(ann, one, body);
  await say(ann, two, "elsewhere");
  assert.deepEqual(await under(one), ["third", "second", "first"]);
  assert.deepEqual(await under(two), ["elsewhere"]);
});

test("who reads sees whether they follow who wrote", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const slug = await publish(ann);
  await say(ann, slug, "mine");
  await bob.ask(`POST /profiles/${ann.user.username}/follow`);
  const seen = async ({ ask }: Pick<Member, "ask">) =>
    (await ask(`GET /articles/${slug}/comments`)).body.comments[0].author.following;
  assert.deepEqual([await seen(bob), await seen(ann), await seen({ ask: anybody })], [true, false, false]);
});

test("a comment that does not fit is refused, and says where", async () => {
  const ann = await member(blog.url, "ann");
  const slug = await publish(ann);
  for (const comment of [
    {},
    { body: "" },
    { body: " \n" },
    { body: null },
    { body: 1 },
    { body: "x".repeat(5_001) },
    { body: "a\u0000" },
  ]) {
    assertRefused(await ann.ask(`POST /articles/${slug}/comments`, { comment }), 422, /comment\.body/);
  }
  assertRefused(await ann.ask(`POST /articles/${slug}/comments`, {}), 422, /comment/);
  assert.deepEqual(await under(slug), []);
});

test("one's own comment can be taken back, and nobody else's", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const slug = await publish(ann);
  const { id } = await say(bob, slug, "hello");
  assertRefused(await ann.ask(`DELETE /articles/${slug}/comments/${id}`), 403);
  assertRefused(await anybody(`DELETE /articles/${slug}/comments/${id}`), 401);
  assert.deepEqual(await under(slug), ["hello"]);
  const removed = await bob.ask(`DELETE /articles/${slug}/comments/${id}`);
  assert.deepEqual([removed.status, removed.body], [204, ""]);
  assert.deepEqual(await under(slug), []);
  assertRefused(await bob.ask(`DELETE /articles/${slug}/comments/${id}`), 404);
  assert.notEqual((await say(bob, slug, "again")).id, id);
});

test("what is not there is not found, and an id is a number", async () => {
  const ann = await member(blog.url, "ann");
  const [slug, other] = [await publish(ann), await publish(ann)];
  const { id } = await say(ann, slug, "here");
  assertRefused(await anybody("GET /articles/no-such-article/comments"), 404);
  assertRefused(await ann.ask("POST /articles/no-such-article/comments", { comment: { body: "x" } }), 404);
  assertRefused(await ann.ask(`DELETE /articles/no-such-article/comments/${id}`), 404);
  assertRefused(await ann.ask(`DELETE /articles/${other}/comments/${id}`), 404);
  assertRefused(await ann.ask(`DELETE /articles/${slug}/comments/999999`), 404);
  for (const misfit of ["x", "0", "-1", "1.5", "1e999"]) {
    assertRefused(await ann.ask(`DELETE /articles/${slug}/comments/${misfit}`), 422, /id/);
  }
  assert.deepEqual(await under(slug), ["here"]);
});

test("comments end with their article, and are not those of the next one of that name", async () => {
  const ann = await member(blog.url, "ann");
  const slug = await publish(ann, "Here today");
  const { id } = await say(ann, slug, "old");
  await ann.ask(`DELETE /articles/${slug}`);
  assertRefused(await anybody(`GET /articles/${slug}/comments`), 404);
  assert.equal(await publish(ann, "Here today"), slug);
  assert.deepEqual(await under(slug), []);
  assertRefused(await ann.ask(`DELETE /articles/${slug}/comments/${id}`), 404);
});

test("comments stay with an article that changes its title", async () => {
  const ann = await member(blog.url, "ann");
  const slug = await publish(ann, "A working title");
  await say(ann, slug, "keep me");
  const { body } = await ann.ask(`PUT /articles/${slug}`, { article: { title: "The final title" } });
  assert.deepEqual(await under(body.article.slug), ["keep me"]);
});
