/**
 * How often a few things happened within the last while: a ring of buckets, one row of counts each. What is older than the
 * window falls out a bucket at a time, so a count is exact to a tenth of the window. Nothing is allocated after the start.
 */

const buckets = 10;

/** Counts of `columns` kinds of things over the last `windowMs`. */
export class SlidingCounts {
  readonly #columns: number;
  readonly #bucketMs: number;
  readonly #counts: Int32Array;
  readonly #totals: Int32Array;
  /** The number, since time began, of the bucket that is filled now. */
  #bucket = Number.NEGATIVE_INFINITY;

  constructor(columns: number, windowMs: number) {
    this.#columns = columns;
    this.#bucketMs = windowMs / buckets;
    this.#counts = new Int32Array(columns * buckets);
    this.#totals = new Int32Array(columns);
  }

  /** One more of a kind. */
  add(column: number, nowMs: number): void {
    this.#advance(nowMs);
    const at = this.#row() + column;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#totals[column] = (this.#totals[column] as number) + 1;
  }

  /** How many of a kind there were within the window. */
  total(column: number, nowMs: number): number {
    this.#advance(nowMs);
    return this.#totals[column] as number;
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
  }

  #row(): number {
    return (this.#bucket % buckets) * this.#columns;
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    if (bucket <= this.#bucket) return;
    if (bucket - this.#bucket >= buckets) this.clear();
    else for (let next = this.#bucket + 1; next <= bucket; next++) this.#empty(next);
    this.#bucket = bucket;
  }

  #empty(bucket: number): void {
    const row = (bucket % buckets) * this.#columns;
    for (let column = 0; column < this.#columns; column++) {
      this.#totals[column] = (this.#totals[column] as number) - (this.#counts[row + column] as number);
      this.#counts[row + column] = 0;
    }
  }
}
