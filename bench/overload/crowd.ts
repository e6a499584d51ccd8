/**
 * Clients who do not wait for each other: requests at a rate, however long answers take (open loop), each of whom leaves after
 * `patienceMs`. That is what overload is made of; a load generator that waits for answers slows down with the server, and hides it.
 */
import { Agent, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "../harness/part.ts";

/** What to send, and for how long. */
export interface CrowdOrder {
  readonly url: string;
  readonly perSecond: number;
  readonly ms: number;
  readonly patienceMs: number;
}

/** What came of the requests that were sent in one second. */
export interface CrowdSecond {
  readonly sent: number;
  /** Answered well, in time. */
  readonly good: number;
  /** Told to come back later: 503. */
  readonly refused: number;
  /** Any other answer, and broken connections. */
  readonly failed: number;
  /** Left before there was an answer. */
  readonly left: number;
  /** Half of the good ones took at most so long. */
  readonly p50Ms: number;
  /** And of the refused ones. */
  readonly refusedP50Ms: number;
}

type Outcome = "good" | "refused" | "failed" | "left";

interface Ended {
  readonly sentMs: number;
  readonly tookMs: number;
  readonly outcome: Outcome;
}

const tickMs = 5;

/** The load generator. */
export async function crowd(): Promise<Part> {
  return { drive: send, stop() {} };
}

async function send({ url, perSecond, ms, patienceMs }: CrowdOrder): Promise<readonly CrowdSecond[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const asking: Promise<Ended>[] = [];
  const startMs = performance.now();
  for (let nowMs = startMs; nowMs < startMs + ms; nowMs = performance.now()) {
    const due = Math.ceil(((nowMs - startMs) / 1_000) * perSecond);
    while (asking.length < due) asking.push(ask(url, agent, patienceMs));
    await delay(tickMs);
  }
  const ended = await Promise.all(asking);
  agent.destroy();
  const seconds = Map.groupBy(ended, ({ sentMs }) => Math.floor((sentMs - startMs) / 1_000));
  return [...seconds.values()].map(summed);
}

function ask(url: string, agent: Agent, patienceMs: number): Promise<Ended> {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    let hasEnded = false;
    const end = (outcome: Outcome) => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(leaving);
      resolve({ sentMs, tookMs: performance.now() - sentMs, outcome });
    };
    const request = get(url, { agent }, (response) => {
      const { statusCode } = response;
      response.resume().once("end", () => end(statusCode === 200 ? "good" : statusCode === 503 ? "refused" : "failed"));
    });
    request.once("error", () => end("failed"));
    // When this process was late itself, an answer may be there already: it is read before the client leaves.
    const leaving = setTimeout(() => setImmediate(leave), patienceMs);
    const leave = () => {
      if (hasEnded) return;
      end("left");
      request.destroy();
    };
  });
}

function summed(ended: readonly Ended[]): CrowdSecond {
  const of = (outcome: Outcome) => ended.filter((each) => each.outcome === outcome);
  const p50 = (some: readonly Ended[]) => some.map(({ tookMs }) => tookMs).sort((a, b) => a - b)[some.length >> 1] ?? 0;
  return {
    sent: ended.length,
    good: of("good").length,
    refused: of("refused").length,
    failed: of("failed").length,
    left: of("left").length,
    p50Ms: p50(of("good")),
    refusedP50Ms: p50(of("refused")),
  };
}
