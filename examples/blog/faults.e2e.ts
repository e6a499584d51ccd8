/**
 * What is lost when an instance dies, counted: mixed traffic from a seed, a signal in the middle of it, and every request's
 * outcome. Times are the business of `npm run bench -- faults`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { startBlog, type TestBlog } from "./testing.ts";

const seed = Number(process.env.CANTLE_SEED ?? 20260711);

/** What became of the requests of one kind. */
interface Outcomes {
  good: number;
  readonly bad: string[];
}

type Kind = "tags" | "articles" | "profile" | "comments" | "comment";

/** Requests without end, eight at a time, until `stop`; what is asked is drawn from the seed. */
class Traffic {
  readonly outcomes: Record<Kind, Outcomes> = {
    tags: none(),
    articles: none(),
    profile: none(),
    comments: none(),
    comment: none(),
  };
  readonly #random = seededRandom(seed);
  readonly #ask: (kind: Kind) => Promise<Response>;
  readonly #workers: Promise<void>[];
  #stopped = false;
  #done = 0;
  #waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  constructor(ask: (kind: Kind) => Promise<Response>, kinds: readonly Kind[]) {
    this.#ask = ask;
    this.#workers = Array.from({ length: 8 }, () => this.#work(kinds));
  }

  /** Resolves when so many more requests are done. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push({ at: this.#done + count, resolve }));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #work(kinds: readonly Kind[]): Promise<void> {
    while (!this.#stopped) {
      const kind = kinds[Math.floor(this.#random.next() * kinds.length)] as Kind;
      const outcome = await this.#ask(kind).then(
        async (response) => (response.ok ? undefined : `${response.status} ${await response.text()}`),
        (error: Error) => String(error.cause ?? error),
      );
      if (outcome === undefined) this.outcomes[kind].good++;
      else this.outcomes[kind].bad.push(outcome);
      this.#done++;
      for (const { resolve } of this.#waiting.filter(({ at }) => at <= this.#done)) resolve();
      this.#waiting = this.#waiting.filter(({ at }) => at > this.#done);
    }
  }
}

function none(): Outcomes {
  return { good: 0, bad: [] };
}

/** A blog with a user and an article, and how to ask it things. */
async function populated(placement: string): Promise<{ blog: TestBlog; ask: (kind: Kind) => Promise<Response> }> {
  const blog = await startBlog(placement);
  const json = { "content-type": "application/json" };
  const send = (method: string, path: string, body: unknown, token?: string) =>
    fetch(`${blog.url}${path}`, {
      method,
      headers: { ...json, ...(token && { authorization: `Token ${token}` }) },
      body: JSON.stringify(body),
    });
  const registered = await send("POST", "/users", {
    user: { username: "ann", email: "ann@mail.com", password: "password" },
  });
  const { user } = (await registered.json()) as { user: { token: string } };
  const written = await send(
    "POST",
    "/articles",
    { article: { title: "On tides", description: "d", body: "b", tagList: ["sea"] } },
    user.token,
  );
  const { article } = (await written.json()) as { article: { slug: string } };
  const ask = (kind: Kind): Promise<Response> => {
    switch (kind) {
      case "tags":
        return fetch(`${blog.url}/tags`);
      case "articles":
        return fetch(`${blog.url}/articles?limit=1`);
      case "profile":
        return fetch(`${blog.url}/profiles/ann`);
      case "comments":
        return fetch(`${blog.url}/articles/${article.slug}/comments`);
      case "comment":
        return send("POST", `/articles/${article.slug}/comments`, { comment: { body: "Well said." } }, user.token);
    }
  };
  return { blog, ask };
}

/** The pid of the first ready instance of a unit. */
function pidOf({ running }: TestBlog, unit: string): number {
  const row = running.list().find((each) => each.unit === unit && each.state === "ready");
  return row?.pid ?? assert.fail(`no instance of '${unit}' is ready`);
}

/** Waits until the process has been replaced; a test that killed nobody would prove nothing. */
async function replaced({ running }: TestBlog, unit: string, pid: number): Promise<void> {
  const isReplaced = () =>
    running.list().some((row) => row.unit === unit && row.restarts > 0 && row.state === "ready" && row.pid !== pid);
  while (!isReplaced()) await new Promise((resolve) => setImmediate(resolve));
}

test(`kill -9 of comments leaves every other operation answering, and it is back (seed ${seed})`, async () => {
  const { blog, ask } = await populated("each");
  const traffic = new Traffic(ask, ["tags", "articles", "profile", "comments"]);
  try {
    await traffic.more(200);
    const before = pidOf(blog, "comments");
    process.kill(before, "SIGKILL");
    await traffic.more(400);
    await traffic.stop();
    const { tags, articles, profile } = traffic.outcomes;
    assert.deepEqual([...tags.bad, ...articles.bad, ...profile.bad], []);
    // Reading comments is idempotent: what the dead instance was asked is asked again when it is back.
    assert.deepEqual(traffic.outcomes.comments.bad, []);
    assert.equal((await ask("comments")).status, 200);
    await replaced(blog, "comments", before);
  } finally {
    await traffic.stop();
    await blog.stop();
  }
});

for (const unit of ["front", "back"]) {
  test(`SIGTERM of one of two instances of '${unit}' loses no request (seed ${seed})`, async () => {
    const { blog, ask } = await populated("two");
    const traffic = new Traffic(ask, ["tags", "articles", "profile", "comments", "comment"]);
    try {
      await traffic.more(200);
      const before = pidOf(blog, unit);
      process.kill(before, "SIGTERM");
      await traffic.more(600);
      await replaced(blog, unit, before);
    } finally {
      await traffic.stop();
      await blog.stop();
    }
    assert.deepEqual(
      Object.values(traffic.outcomes).flatMap(({ bad }) => bad),
      [],
    );
  });
}

test(`SIGTERM of the only instance makes callers wait instead of failing (seed ${seed})`, async () => {
  const { blog, ask } = await populated("each");
  const traffic = new Traffic(ask, ["comments", "comment", "tags"]);
  try {
    await traffic.more(100);
    const before = pidOf(blog, "comments");
    process.kill(before, "SIGTERM");
    await traffic.more(400);
    await replaced(blog, "comments", before);
  } finally {
    await traffic.stop();
    await blog.stop();
  }
  assert.deepEqual(
    Object.values(traffic.outcomes).flatMap(({ bad }) => bad),
    [],
  );
});
