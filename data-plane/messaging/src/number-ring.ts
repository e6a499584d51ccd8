/** First in, first out, for numbers: eight bytes each, grown by doubling, shrunk when it empties. A million weigh 8 MiB. */

const lengthMin = 16;

/** A queue of numbers. */
export class NumberRing {
  #items = new Float64Array(lengthMin);
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The one that comes next; undefined when there is none. */
  peek(): number | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#first];
  }

  push(item: number): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#first + this.#length) & (this.#items.length - 1)] = item;
    this.#length += 1;
  }

  shift(): number | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#first = (this.#first + 1) & (this.#items.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#items.length > 1024) this.clear();
    return item;
  }

  clear(): void {
    this.#items = new Float64Array(lengthMin);
    this.#first = 0;
    this.#length = 0;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let at = 0; at < this.#length; at++)
      yield this.#items[(this.#first + at) & (this.#items.length - 1)] as number;
  }

  #grow(): void {
    const grown = new Float64Array(this.#items.length * 2);
    grown.set(this.#items.subarray(this.#first));
    grown.set(this.#items.subarray(0, this.#first), this.#items.length - this.#first);
    this.#items = grown;
    this.#first = 0;
  }
}
