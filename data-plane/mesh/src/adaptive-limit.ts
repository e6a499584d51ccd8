/**
 * A limit of calls in flight that finds itself, from how long calls take.
 *
 * - `aimd`: while calls take less than `latencyMs` it grows by one for each limit's worth of calls; one that takes longer
 *   takes a tenth of it away (additive increase, multiplicative decrease).
 * - `gradient`: it grows while calls take about as long as they did over the last while, and shrinks by as much as they take
 *   longer (Netflix's Gradient2).
 *
 * 1. It grows only while it is used: an idle instance learns nothing.
 * 2. It cannot tell its own slowness from that of a service it calls. It is for services at the end of the chain.
 */

/** How a limit is found, and within which bounds. */
export interface AdaptivePolicy {
  readonly by: "aimd" | "gradient";
  /** For `aimd`: what a call may take, ms; default 100. */
  readonly latencyMs: number;
  readonly limitMin: number;
  readonly limitMax: number;
  /** Where it begins; default 20. */
  readonly limitStart: number;
}

/** How much longer than usual a call may take before a gradient shrinks. */
const tolerance = 1.5;
/** The weight of one call in what is usual, and of one step in the limit. */
const usualWeight = 0.01;
const stepWeight = 0.2;

/** The limit of one operation. */
export class AdaptiveLimit {
  readonly #policy: AdaptivePolicy;
  #limit: number;
  #usualMs = 0;

  constructor(policy: AdaptivePolicy) {
    this.#policy = policy;
    this.#limit = policy.limitStart;
  }

  /** How many calls may be in flight. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** A call took so long, while so many were in flight. One that ran into its deadline took at least as long. */
  ended(tookMs: number, inFlight: number): void {
    const next = this.#policy.by === "aimd" ? this.#byLatency(tookMs) : this.#byGradient(tookMs);
    if (next > this.#limit && inFlight * 2 < this.#limit) return;
    this.#limit = Math.min(this.#policy.limitMax, Math.max(this.#policy.limitMin, next));
  }

  #byLatency(tookMs: number): number {
    return tookMs > this.#policy.latencyMs ? this.#limit * 0.9 : this.#limit + 1 / this.#limit;
  }

  #byGradient(tookMs: number): number {
    this.#usualMs = this.#usualMs === 0 ? tookMs : this.#usualMs * (1 - usualWeight) + tookMs * usualWeight;
    const gradient = Math.min(1, Math.max(0.5, (tolerance * this.#usualMs) / Math.max(tookMs, 0.001)));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    return this.#limit * (1 - stepWeight) + wanted * stepWeight;
  }
}
