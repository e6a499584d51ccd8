/**
 * How slow an endpoint is, as a peak-sensitive moving average (peak EWMA, Finagle): a slow answer counts at once and whole,
 * and is forgotten with time. An endpoint that is not called looks faster and faster, so it is tried again.
 *
 * It changes in place, as it is asked at every call; time is an argument.
 */

/** The time in which a past answer loses all but 1/e of its weight. Longer remembers a single pause for too long. */
const memoryMs = 2_000;
/** What an endpoint that sheds is taken for at most, so that it is tried again within seconds. */
const shedMsMax = 1_000;

/** The latency of one endpoint. */
export class Latency {
  #costMs = 0;
  #atMs = 0;
  #known = false;

  /** False until the first answer. */
  get known(): boolean {
    return this.#known;
  }

  /** What the next answer will probably take, ms. */
  costMs(nowMs: number): number {
    return this.#costMs * Math.exp((this.#atMs - nowMs) / memoryMs);
  }

  /** The same, or `leastMs` where it will be less: what can never be more is not worked out. */
  costMsOver(leastMs: number, nowMs: number): number {
    return this.#costMs <= leastMs ? leastMs : Math.max(leastMs, this.costMs(nowMs));
  }

  /** An answer came after `tookMs`. */
  answered(tookMs: number, nowMs: number): void {
    // Where it is the slower one, no average is more, and none is worked out.
    const weight = tookMs < this.#costMs ? Math.exp((this.#atMs - nowMs) / memoryMs) : 0;
    this.#set(this.#costMs * weight + tookMs * (1 - weight), nowMs);
  }

  /** It failed after `tookMs`: a fast failure is no reason to prefer it. */
  failed(tookMs: number, nowMs: number): void {
    this.#set(Math.max(tookMs, this.costMs(nowMs)), nowMs);
  }

  /** It shed the call: it answers quickly and must not look quick. Every time it looks twice as slow. */
  shed(nowMs: number): void {
    this.#set(Math.min(shedMsMax, Math.max(4, 2 * this.costMs(nowMs))), nowMs);
  }

  #set(costMs: number, nowMs: number): void {
    this.#costMs = costMs;
    this.#atMs = nowMs;
    this.#known = true;
  }
}
