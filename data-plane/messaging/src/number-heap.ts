/** Smallest first, for pairs of numbers: sixteen bytes each. Equal ranks come out by value, so the order is total. */

const lengthMin = 16;

/** A heap of values by rank. */
export class NumberHeap {
  #ranks = new Float64Array(lengthMin);
  #values = new Float64Array(lengthMin);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The smallest rank; undefined when it is empty. */
  peekRank(): number | undefined {
    return this.#length === 0 ? undefined : this.#ranks[0];
  }

  push(rank: number, value: number): void {
    if (this.#length === this.#ranks.length) this.#resize(this.#length * 2);
    let at = this.#length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(rank, value, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#ranks[at] = rank;
    this.#values[at] = value;
  }

  /** Takes out the value with the smallest rank. */
  pop(): number | undefined {
    if (this.#length === 0) return undefined;
    const smallest = this.#values[0];
    this.#length -= 1;
    const rank = this.#ranks[this.#length] as number;
    const value = this.#values[this.#length] as number;
    let at = 0;
    for (let child = 1; child < this.#length; child = 2 * at + 1) {
      const right = child + 1;
      if (right < this.#length && this.#isBefore(this.#ranks[right]!, this.#values[right]!, child)) child = right;
      if (this.#isBefore(rank, value, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#ranks[at] = rank;
    this.#values[at] = value;
    if (this.#length === 0 && this.#ranks.length > 1024) this.clear();
    return smallest;
  }

  clear(): void {
    this.#length = 0;
    this.#resize(lengthMin);
  }

  /** The values, in no order. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let at = 0; at < this.#length; at++) yield this.#values[at] as number;
  }

  #isBefore(rank: number, value: number, other: number): boolean {
    const otherRank = this.#ranks[other] as number;
    return rank < otherRank || (rank === otherRank && value < (this.#values[other] as number));
  }

  #move(from: number, to: number): void {
    this.#ranks[to] = this.#ranks[from] as number;
    this.#values[to] = this.#values[from] as number;
  }

  #resize(length: number): void {
    const [ranks, values] = [new Float64Array(length), new Float64Array(length)];
    ranks.set(this.#ranks.subarray(0, this.#length));
    values.set(this.#values.subarray(0, this.#length));
    this.#ranks = ranks;
    this.#values = values;
  }
}
