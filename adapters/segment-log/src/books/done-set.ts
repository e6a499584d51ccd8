/** The numbers above a group's floor that are finished already: a bit for each, in pages of 1,024 that come and go. */

const pageBits = 1024;
const pageWords = pageBits / 32;
/** Bytes of a page where it is stored: its number, its bits. */
export const donePageBytes = 8 + pageBits / 8;

/** A set of numbers. */
export class DoneSet {
  readonly #pages = new Map<number, Uint32Array>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  has(number: number): boolean {
    const word = this.#pages.get(Math.floor(number / pageBits))?.[(number % pageBits) >>> 5] ?? 0;
    return (word & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    if (this.has(number)) return;
    const at = Math.floor(number / pageBits);
    let page = this.#pages.get(at);
    if (page === undefined) {
      page = new Uint32Array(pageWords);
      this.#pages.set(at, page);
    }
    page[(number % pageBits) >>> 5]! |= 1 << (number & 31);
    this.#count += 1;
  }

  /** Takes one out; false when it is not in. */
  remove(number: number): boolean {
    if (!this.has(number)) return false;
    const at = Math.floor(number / pageBits);
    const page = this.#pages.get(at) as Uint32Array;
    page[(number % pageBits) >>> 5]! &= ~(1 << (number & 31));
    this.#count -= 1;
    if (page.every((word) => word === 0)) this.#pages.delete(at);
    return true;
  }

  clear(): void {
    this.#pages.clear();
    this.#count = 0;
  }

  /** Bytes that `write` writes. */
  get storedBytes(): number {
    return this.#pages.size * donePageBytes;
  }

  /** Writes all of it. */
  write(view: DataView, at: number): void {
    let to = at;
    for (const [number, page] of this.#pages) {
      view.setFloat64(to, number, true);
      for (let word = 0; word < pageWords; word++) view.setUint32(to + 8 + word * 4, page[word] as number, true);
      to += donePageBytes;
    }
  }

  /** Reads what was written, in the place of what it had. */
  read(view: DataView, from: number, end: number): void {
    this.clear();
    for (let at = from; at + donePageBytes <= end; at += donePageBytes) {
      const page = new Uint32Array(pageWords);
      for (let word = 0; word < pageWords; word++) {
        page[word] = view.getUint32(at + 8 + word * 4, true);
        for (let bits = page[word] as number; bits !== 0; bits &= bits - 1) this.#count += 1;
      }
      this.#pages.set(view.getFloat64(at, true), page);
    }
  }
}
