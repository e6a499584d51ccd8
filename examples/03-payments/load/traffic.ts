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

/** Asks, and counts what came of it. */
class Asking {
  readonly #gateway: string;
  #tookMs: number[] = [];
  #failures: string[] = [];

  constructor(gateway: string) {
    this.#gateway = gateway;
  }

  /** The answer, or why there is none, goes into the tally. */
  async ask(path: string, init: RequestInit = {}): Promise<void> {
    const startMs = performance.now();
    const what = `${init.method ?? "GET"} ${path}`;
    try {
      const answer = await fetch(this.#gateway + path, { ...init, signal: AbortSignal.timeout(answerMsMax) });
      const body = await answer.text();
      if (!answer.ok) this.#failures.push(`${what}: ${answer.status} ${body}`);
    } catch (error) {
      this.#failures.push(`${what}: ${error}`);
    }
    this.#tookMs.push(performance.now() - startMs);
  }

  notSent(): void {
    this.#failures.push("not sent: too many are under way");
  }

  take(): Tally {
    const sorted = this.#tookMs.sort((a, b) => a - b);
    const p95Ms = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    const tally = { answered: sorted.length, failures: this.#failures, p95Ms };
    this.#tookMs = [];
    this.#failures = [];
    return tally;
  }
}

/** Begins to send to a gateway. */
export function startTraffic(gateway: string): Traffic {
  const asking = new Asking(gateway);
  const traffic = { perSecond: 0, take: () => asking.take(), stop };
  const pending = new Set<Promise<void>>();
  let sent = 0;
  let isOn = true;

  function send(): void {
    if (pending.size >= inFlightMax) return asking.notSent();
    const one = sent++ % 10 === 9 ? pay(sent) : asking.ask(`/accounts/account-${sent % accounts}/balance`);
    pending.add(one);
    void one.finally(() => pending.delete(one));
  }

  function pay(number: number): Promise<void> {
    const headers = { "content-type": "application/json", "idempotency-key": `load-${number}` };
    const body = { reference: `load-${number}`, from: `account-${number % accounts}`, to: "shop", cents: 1 };
    return asking.ask("/payments", { method: "POST", headers, body: JSON.stringify(body) });
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
      await asking.ask(`/settlements/${number}`, { method: "PUT" });
      for (let waitedMs = 0; isOn && waitedMs < settleEveryMs; waitedMs += tickMs) await moment(tickMs);
    }
  }

  const working = [work(), settle()];

  async function stop(): Promise<void> {
    isOn = false;
    await Promise.all(working);
    await Promise.all(pending);
  }

  return traffic;
}
