/**
 * Requests at a rate, whether or not answers keep up: nine of ten ask for a balance, one pays, and a settlement goes on beside them.
 * Bounded: at most `inFlightMax` are under way, and none waits longer than `answerMsMax`.
 */
import { setTimeout as moment } from "node:timers/promises";

/** What came of the requests that ended since the last look. */
export interface Tally {
  readonly answered: number;
  /** What was answered with an error or not at all, each in a few words. */
  readonly failures: readonly string[];
  readonly p95Ms: number;
}

/** Traffic that goes on until it is stopped. */
export interface Traffic {
  /** Requests a second; may be changed at any time. */
  perSecond: number;
  take(): Tally;
  stop(): Promise<void>;
}

const tickMs = 20;
const settleEveryMs = 2_000;
const inFlightMax = 1_000;
const answerMsMax = 10_000;
const accounts = 100;

/** Begins to send to a gateway. */
export function startTraffic(gateway: string): Traffic {
  const traffic = { perSecond: 0, take, stop };
  const pending = new Set<Promise<void>>();
  let tookMs: number[] = [];
  let failures: string[] = [];
  let sent = 0;
  let isOn = true;

  /** The answer, or why there is none, goes into the tally. */
  async function ask(path: string, init: RequestInit = {}): Promise<void> {
    const startMs = performance.now();
    const what = `${init.method ?? "GET"} ${path}`;
    try {
      const answer = await fetch(gateway + path, { ...init, signal: AbortSignal.timeout(answerMsMax) });
      const body = await answer.text();
      if (!answer.ok) failures.push(`${what}: ${answer.status} ${body}`);
    } catch (error) {
      failures.push(`${what}: ${error}`);
    }
    tookMs.push(performance.now() - startMs);
  }

  function send(): void {
    if (pending.size >= inFlightMax) {
      failures.push("not sent: too many are under way");
      return;
    }
    const asking =
      sent++ % 10 === 9 ? ask("/payments", payment(sent)) : ask(`/accounts/account-${sent % accounts}/balance`);
    pending.add(asking);
    void asking.finally(() => pending.delete(asking));
  }

  async function work(): Promise<void> {
    let owed = 0;
    for (let beforeMs = performance.now(); isOn; ) {
      await moment(tickMs);
      const nowMs = performance.now();
      owed += ((nowMs - beforeMs) / 1_000) * traffic.perSecond;
      beforeMs = nowMs;
      for (; owed >= 1; owed--) send();
    }
  }

  /** One settlement after the other: two at once would take the same payments. */
  async function settle(): Promise<void> {
    for (let number = 1; isOn; number++) {
      await ask(`/settlements/${number}`, { method: "PUT" });
      for (let waitedMs = 0; isOn && waitedMs < settleEveryMs; waitedMs += tickMs) await moment(tickMs);
    }
  }

  const working = [work(), settle()];

  function take(): Tally {
    const sorted = tookMs.sort((a, b) => a - b);
    const tally = { answered: sorted.length, failures, p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? 0 };
    tookMs = [];
    failures = [];
    return tally;
  }

  async function stop(): Promise<void> {
    isOn = false;
    await Promise.all(working);
    await Promise.all(pending);
  }

  return traffic;
}

/** One cent from one of the accounts, under a key of its own. */
function payment(number: number): RequestInit {
  const headers = { "content-type": "application/json", "idempotency-key": `load-${number}` };
  const body = { reference: `load-${number}`, from: `account-${number % accounts}`, to: "shop", cents: 1 };
  return { method: "POST", headers, body: JSON.stringify(body) };
}
