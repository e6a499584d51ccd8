/**
 * What a target's callers may spend on retries: a share of the calls of the last ten seconds, or a few a second where there
 * are few calls. Retries help against rare failures; when all is failing they are the load that keeps it failing.
 */
import { SlidingCounts } from "./sliding-counts.ts";

/** How much may be spent. */
export interface BudgetPolicy {
  /** Retries for each call, for example 0.2. */
  readonly ratio: number;
  /** Retries a second that are always free, so that a target with few calls has any. */
  readonly perSecondMin: number;
}

const windowMs = 10_000;
const calls = 0;
const retries = 1;

/** The budget of one target. */
export class RetryBudget {
  readonly #recent = new SlidingCounts(2, windowMs);

  /** A call began. */
  called(nowMs: number): void {
    this.#recent.add(calls, nowMs);
  }

  /** Takes one retry out of the budget; false when it is spent. */
  take({ ratio, perSecondMin }: BudgetPolicy, nowMs: number): boolean {
    const share = this.#recent.total(calls, nowMs) * ratio;
    if (this.#recent.total(retries, nowMs) + 1 > Math.max(share, (perSecondMin * windowMs) / 1_000)) return false;
    this.#recent.add(retries, nowMs);
    return true;
  }
}
