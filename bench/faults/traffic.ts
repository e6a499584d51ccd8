/** Mixed traffic on the blog, as its readers and one writer make it: lists, articles, comments, now and then a new comment. */
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";

/** One request that ended. */
export interface Ended {
  readonly kind: "list" | "profile" | "comments" | "comment";
  readonly sentMs: number;
  readonly endedMs: number;
  /** `200`, `503 UNAVAILABLE`, or what broke. */
  readonly outcome: string;
  readonly isGood: boolean;
}

/** Traffic that goes on until it is stopped. */
export interface Traffic {
  readonly ended: readonly Ended[];
  stop(): Promise<void>;
}

const workers = 16;
const pauseMs = 10;
/** Out of ten requests: a comment is the only one that may not be repeated. */
const mix = [
  "list",
  "comments",
  "list",
  "profile",
  "comments",
  "list",
  "comments",
  "list",
  "profile",
  "comment",
] as const;

/** Registers somebody who writes an article, and begins. */
export async function startTraffic(url: string): Promise<Traffic> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: workers });
  const ask = async (
    method: "GET" | "POST",
    path: string,
    { token = "", body }: { token?: string; body?: unknown },
  ) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Token ${token}` }) };
    const sent = body === undefined ? null : JSON.stringify(body);
    const answer = await pool.request({ method, path: pathname + path, headers, body: sent });
    return { status: answer.statusCode, body: (await answer.body.json()) as any };
  };
  const name = `writer-${Math.random().toString(36).slice(2)}`;
  const user = { username: name, email: `${name}@example.com`, password: "correct horse battery" };
  const { token } = (await ask("POST", "/users", { body: { user } })).body.user;
  const article = { title: `On ${name}`, description: "d", body: "b", tagList: [] };
  const { slug } = (await ask("POST", "/articles", { token, body: { article } })).body.article;

  const send = {
    list: () => ask("GET", "/articles?limit=5", {}),
    profile: () => ask("GET", "/user", { token }),
    comments: () => ask("GET", `/articles/${slug}/comments`, {}),
    comment: () => ask("POST", `/articles/${slug}/comments`, { token, body: { comment: { body: "well said" } } }),
  };
  const ended: Ended[] = [];
  let isOn = true;

  async function work(first: number): Promise<void> {
    for (let turn = first; isOn; turn++) {
      const kind = mix[turn % mix.length]!;
      const sentMs = performance.now();
      const [outcome, isGood] = await send[kind]().then(
        ({ status, body }) => [`${status} ${body?.code ?? ""}`.trim(), status < 300] as const,
        (error) => [String(error), false] as const,
      );
      ended.push({ kind, sentMs, endedMs: performance.now(), outcome, isGood });
      await delay(pauseMs);
    }
  }

  const working = Array.from({ length: workers }, (_, at) => work(at));
  return {
    ended,
    async stop() {
      isOn = false;
      await Promise.all(working);
      if (!pool.closed) await pool.close();
    },
  };
}
