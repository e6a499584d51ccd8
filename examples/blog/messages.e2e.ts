/**
 * What was published arrives, once, whoever dies meanwhile: articles from a seed, four writers at once, and a kill -9 of the
 * broker, of publishers and of subscribers in the middle of it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { type Member, member } from "./conduit/visitor.ts";
import { startBlog, type TestBlog } from "./testing.ts";

const seed = Number(process.env.CANTLE_SEED ?? 20261120);
const articlesMax = 48;
const killEvery = 6;
const victims = ["broker-1", "articles-1", "feeds-1", "notices-1", "accounts-1"];

/** Publishes until it is said to be there; the key makes every repetition the same article. */
async function publish(blog: TestBlog, author: Member, title: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${blog.url}/articles`, {
      method: "POST",
      headers: {
        authorization: `Token ${author.user.token}`,
        "content-type": "application/json",
        "idempotency-key": title,
      },
      body: JSON.stringify({ article: { title, description: "d", body: "b" } }),
    });
    const text = await response.text();
    if (response.status === 201) return;
    assert.ok(response.status >= 500, text);
  }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test(`every article arrives in the feed and as a notice, once, though processes are killed (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const blog = await startBlog("each");
  try {
    const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
    assert.equal((await bob.ask(`POST /profiles/${ann.user.username}/follow`)).status, 200);
    const titles = Array.from({ length: articlesMax }, (_, at) => `Article ${at}`);
    const left = [...titles];
    let published = 0;
    const killOne = () => {
      const victim = victims[Math.floor(random.next() * victims.length)];
      const row = blog.running.list().find(({ instance, state }) => instance === victim && state === "ready");
      if (row?.pid != null) process.kill(row.pid, "SIGKILL");
    };
    const writer = async () => {
      for (let title = left.shift(); title !== undefined; title = left.shift()) {
        await publish(blog, ann, title);
        if (++published % killEvery === 0) killOne();
      }
    };
    await Promise.all([writer(), writer(), writer(), writer()]);

    const all = await until(async () => {
      const { status, body } = await bob.ask("GET /feeds/mine?limit=100");
      return status === 200 && body.entries.length >= articlesMax ? body.entries : undefined;
    });
    assert.deepEqual(all.map(({ title }: { title: string }) => title).sort(), [...titles].sort());
    const ids = all.map(({ articleId }: { articleId: number }) => articleId);
    assert.equal(new Set(ids).size, articlesMax);
    const notices = await until(async () => {
      const { status, body } = await bob.ask("GET /notices?limit=100");
      return status === 200 && body.notices.length >= articlesMax ? body.notices : undefined;
    });
    const told = notices.map(({ text }: { text: string }) => text).sort();
    assert.deepEqual(told, titles.map((title) => `New: ${title}`).sort());
    assert.equal(
      (await ann.ask(`GET /articles?author=${ann.user.username}&limit=100`)).body.articlesCount,
      articlesMax,
    );
  } finally {
    await blog.stop();
  }
});
