/**
 * Requests at their times, in a process of its own: each is sent when it is due, however long the ones before it take (open loop),
 * and its time counts from when it was due. A generator that waits for answers sends less while a server is slow, and so never
 * sees how slow it was (coordinated omission).
 *
 *     due   ├──┼──┼──┼──┼──┼──┤      every 1/perSecond
 *     sent  ├──┼──┼─────┼┼┼┼──┤      late where this process was held up: that counts too
 */
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import { type Answer, wallMs } from "./answers.ts";
import type { Part } from "./part.ts";

/** What to send, how often, and for how long. */
export interface OpenOrder {
  readonly url: string;
  readonly perSecond: number;
  readonly ms: number;
  /** One after the other, again and again. */
  readonly requests: readonly OpenRequest[];
}

/** A request. `{key}` in its body is one that no other request has. */
export interface OpenRequest {
  readonly name: string;
  readonly path: string;
  /** A POST of JSON; absent: a GET. */
  readonly body?: string;
}

/** Who has not been answered after so long never is. */
const patienceMs = 40_000;
/** There is always a connection for the next one. */
const connectionsMax = 2_000;

/** The load generator. */
export async function openLoad(): Promise<Part> {
  return { drive, stop() {} };
}

async function drive({ url, perSecond, ms, requests }: OpenOrder): Promise<readonly Answer[]> {
  const { origin } = new URL(url);
  const options = { connections: connectionsMax, pipelining: 1, headersTimeout: patienceMs, bodyTimeout: patienceMs };
  const pool = new Pool(origin, options);
  const startMs = wallMs();
  const asking: Promise<Answer>[] = [];
  for (const { at, dueMs } of schedule({ perSecond, ms, startMs })) {
    const earlyMs = dueMs - wallMs();
    if (earlyMs > 0) await delay(earlyMs);
    const request = requests[at % requests.length]!;
    asking.push(ask(pool, request, { key: `${Math.floor(startMs)}-${at}`, dueMs }));
  }
  const answers = await Promise.all(asking);
  await pool.destroy();
  return answers;
}

/** When each request is due. */
export function* schedule({ perSecond, ms, startMs }: { perSecond: number; ms: number; startMs: number }) {
  const count = Math.floor((ms / 1_000) * perSecond);
  for (let at = 0; at < count; at++) yield { at, dueMs: startMs + (at * 1_000) / perSecond };
}

async function ask(
  pool: Pool,
  { name, path, body }: OpenRequest,
  { key, dueMs }: { readonly key: string; readonly dueMs: number },
): Promise<Answer> {
  const sentMs = wallMs();
  const ended = (outcome: string, isGood: boolean) => {
    const tookMs = wallMs() - dueMs;
    return { name, key, dueMs, lateMs: sentMs - dueMs, tookMs, outcome, isGood };
  };
  try {
    const answer = await pool.request({
      path,
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : body.replaceAll("{key}", key),
    });
    const text = await answer.body.text();
    const isGood = answer.statusCode < 300;
    return ended(isGood ? `${answer.statusCode}` : `${answer.statusCode} ${codeOf(text)}`, isGood);
  } catch (error) {
    return ended(String((error as { code?: string }).code ?? error), false);
  }
}

function codeOf(text: string): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 60);
}
