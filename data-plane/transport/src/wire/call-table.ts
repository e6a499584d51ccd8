/**
 * The calls of a connection by their number: a hash table with open addressing, and no deleted marks.
 *
 * Why not a Map: one that is added to and deleted from all the time is rebuilt every few hundred calls, and each old table leads to
 * the next. As soon as one of them has grown old, the young collector must take all that follow for alive, with the calls
 * they still hold; measured, that is a third of the CPU of a busy client. Here an emptied slot is empty.
 */

/** What has a number. */
interface Numbered {
  readonly id: number;
}

const slotsMin = 64;

/** Calls by number. Numbers that follow each other, as they do, never meet. */
export class CallTable<T extends Numbered> {
  #slots: (T | undefined)[] = new Array(slotsMin).fill(undefined);
  #mask = slotsMin - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#slots[this.#find(id)];
  }

  /** Adds a call whose number is not there yet. */
  add(call: T): void {
    if (this.#size * 2 > this.#mask) this.#grow();
    this.#slots[this.#find(call.id)] = call;
    this.#size++;
  }

  /** Removes the call of that number; answers with whether it was there. */
  delete(id: number): boolean {
    let hole = this.#find(id);
    if (this.#slots[hole] === undefined) return false;
    this.#size--;
    // Those behind the hole move up, unless that would put one before its own place.
    for (let at = (hole + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const call = this.#slots[at];
      if (call === undefined) break;
      const distance = (at - call.id) & this.#mask;
      if (distance >= ((at - hole) & this.#mask)) {
        this.#slots[hole] = call;
        hole = at;
      }
    }
    this.#slots[hole] = undefined;
    return true;
  }

  /** All calls as they are now, in no order. */
  list(): T[] {
    return this.#slots.filter((call) => call !== undefined);
  }

  /** Where that number is, or would be put. */
  #find(id: number): number {
    let at = id & this.#mask;
    for (let call = this.#slots[at]; call !== undefined && call.id !== id; call = this.#slots[at]) {
      at = (at + 1) & this.#mask;
    }
    return at;
  }

  #grow(): void {
    const calls = this.list();
    this.#slots = new Array(this.#slots.length * 2).fill(undefined);
    this.#mask = this.#slots.length - 1;
    for (const call of calls) this.#slots[this.#find(call.id)] = call;
  }
}
