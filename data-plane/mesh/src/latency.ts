/**
 * How slow an endpoint is, as a peak-sensitive moving average (peak EWMA, Finagle): a slow answer counts at once and whole,
 * and is forgotten with time. An endpoint that is not called looks faster and faster, so it is tried again.
 *
 * One that is called and says nothing looks as slow as its silence is long: an answer that is still to come takes at least as
 * long. Otherwise an instance that stopped would be tried again and again, and keep every call until its deadline. A call that
 * takes long is no silence while others are answered beside it.
 *
 * It changes in place, as it is asked at every call; time is an argument.
 */

/** The time in which a past answer loses all but 1/e of its weight. Longer remembers a single pause for too long. */
const memoryMs = 2_000;
/** What an endpoint that sheds is taken for at most, so that it is tried again within seconds. */
const shedMsMax = 1_000;
/** After so long without a call, one that was silent is tried again. */
const triedAgainMs = 10_000;

/** The latency of one endpoint. */
export class Latency {
  #costMs = 0;
  #atMs = 0;
  #known = false;
  /** When the first call since the last word was sent; negative where there is none. */
  #silentSinceMs = -1;
  #askedMs = 0;

  /** False until the first answer. */
  get known(): boolean {
    return this.#known;
  }

  /** What the next answer will probably take, ms, and `leastMs` where that is less: what can never be more is not worked out. */
  costMs(nowMs: number, leastMs = 0): number {
    const remembered =
      this.#costMs <= leastMs ? leastMs : Math.max(leastMs, this.#costMs * Math.exp((this.#atMs - nowMs) / memoryMs));
    return this.#silentSinceMs < 0 ? remembered : Math.max(remembered, this.silentMs(nowMs));
  }

  /** For how long it has said nothing although it was called, ms; 0 when it is to be tried again. */
  silentMs(nowMs: number): number {
    return this.#silentSinceMs < 0 || nowMs - this.#askedMs >= triedAgainMs ? 0 : nowMs - this.#silentSinceMs;
  }

  /** A call was sent. */
  asked(nowMs: number): void {
    if (this.#silentSinceMs < 0) this.#silentSinceMs = nowMs;
    this.#askedMs = nowMs;
  }

  /** It said something other than an answer, or nobody can say that it would not have. */
  heard(): void {
    this.#silentSinceMs = -1;
  }

  /** An answer came after `tookMs`. */
  answered(tookMs: number, nowMs: number): void {
    this.heard();
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
