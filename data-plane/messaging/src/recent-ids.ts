/**
 * Ids of messages that were published a moment ago, so that the same one again stores nothing. Forgets after `windowMs`, or
 * earlier when there are more than `idsMax`: whoever publishes so much within the window has to say so.
 */

/** The ids of one channel. */
export class RecentIds {
  /** When each is forgotten, monotonic ms; in the order in which they came. */
  readonly #forgetAtMs = new Map<string, number>();
  readonly #windowMs: number;
  readonly #idsMax: number;

  constructor(windowMs: number, idsMax: number) {
    this.#windowMs = windowMs;
    this.#idsMax = idsMax;
  }

  get count(): number {
    return this.#forgetAtMs.size;
  }

  /** True while an id is known. */
  has(id: string, nowMs: number): boolean {
    const forgetAtMs = this.#forgetAtMs.get(id);
    return forgetAtMs !== undefined && forgetAtMs > nowMs;
  }

  /** Remembers an id. */
  add(id: string, nowMs: number): void {
    for (const [oldest, forgetAtMs] of this.#forgetAtMs) {
      if (forgetAtMs > nowMs && this.#forgetAtMs.size < this.#idsMax) break;
      this.#forgetAtMs.delete(oldest);
    }
    this.#forgetAtMs.set(id, nowMs + this.#windowMs);
  }
}
