/**
 * Leaving out an endpoint that answers badly, without ever leaving out too many.
 *
 *     in ──(failures in a row, or their share)──▶ out ──(its time is over)──▶ in, on trial: one failure more and it is out longer
 *
 * 1. Out is an opinion; at most half of the pool may be out, the ones longest out first.
 * 2. When all look bad, the opinion says nothing: all are used (fail open).
 *
 * A connection that is refused or broken is a fact, not an opinion: the pool sees to it.
 */
import { SlidingCounts } from "./sliding-counts.ts";

/** When an endpoint is left out. */
export interface EjectionPolicy {
  /** Failures in a row; default 5. At 1, a single bad answer takes an endpoint out. */
  readonly failuresMax: number;
  /** The share of failed calls within 10 s, of at least `callsMin`; default 0.5 of 20. */
  readonly failureRatioMax: number;
  readonly callsMin: number;
  /** How long, the first time; each further time twice as long, up to ten times; default 5,000. */
  readonly outMs: number;
}

const windowMs = 10_000;
const growthMax = 10;
const calls = 0;
const failures = 1;

/** What is thought of one endpoint. */
export class Standing {
  #inRow = 0;
  #times = 0;
  #onTrial = false;
  /** Left out until then, monotonic ms; 0 when it never was. */
  outUntilMs = 0;
  readonly #recent = new SlidingCounts(2, windowMs);

  /** True while it is thought to be bad. */
  out(nowMs: number): boolean {
    return nowMs < this.outUntilMs;
  }

  /** It answered well. */
  succeeded(nowMs: number): void {
    this.#inRow = 0;
    this.#recent.add(calls, nowMs);
    if (this.#onTrial && !this.out(nowMs)) {
      this.#onTrial = false;
      this.#times = 0;
    }
  }

  /** It answered badly. True when that puts it out. */
  failed(policy: EjectionPolicy, nowMs: number): boolean {
    if (this.out(nowMs)) return false;
    this.#inRow++;
    this.#recent.add(calls, nowMs);
    this.#recent.add(failures, nowMs);
    if (!this.#onTrial && this.#inRow < policy.failuresMax && !this.#rateIsBad(policy, nowMs)) return false;
    this.outUntilMs = nowMs + policy.outMs * Math.min(2 ** this.#times, growthMax);
    this.#times++;
    this.#inRow = 0;
    this.#onTrial = true;
    this.#recent.clear();
    return true;
  }

  #rateIsBad({ callsMin, failureRatioMax }: EjectionPolicy, nowMs: number): boolean {
    const all = this.#recent.total(calls, nowMs);
    return all >= callsMin && this.#recent.total(failures, nowMs) >= all * failureRatioMax;
  }
}

/** Those of a pool that may be used: all but the ones that are out, at most half of them, or all when all are out. */
export function without<T extends { readonly standing: Standing }>(pool: readonly T[], nowMs: number): readonly T[] {
  const bad = pool.filter(({ standing }) => standing.out(nowMs));
  if (bad.length === 0 || bad.length === pool.length) return pool;
  const leaving = bad
    .sort((a, b) => a.standing.outUntilMs - b.standing.outUntilMs)
    .slice(0, Math.floor(pool.length / 2));
  return pool.filter((each) => !leaving.includes(each));
}
