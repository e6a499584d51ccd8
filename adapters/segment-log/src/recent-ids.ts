/**
 * Ids of messages that were published a moment ago. Two generations by turns: an id is known for one window at least and two at
 * most, or until more than `idsMax` came after it. Nothing is looked at one by one when it is forgotten.
 */

type Ids = Map<number, Set<string>>;

/** The recent ids of all channels. */
export class RecentIds {
  readonly #windowMs: number;
  readonly #eachMax: number;
  #young: Ids = new Map();
  #old: Ids = new Map();
  #youngCount = 0;
  #turnAtMs: number;

  constructor({ windowMs, idsMax, nowMs }: { windowMs: number; idsMax: number; nowMs: number }) {
    this.#windowMs = windowMs;
    this.#eachMax = Math.max(1, idsMax / 2);
    this.#turnAtMs = nowMs + windowMs;
  }

  /** Remembers an id; false when it is known. */
  add(channel: number, id: string, nowMs: number): boolean {
    this.#turn(nowMs);
    if (this.#old.get(channel)?.has(id)) return false;
    let ids = this.#young.get(channel);
    if (ids === undefined) {
      ids = new Set();
      this.#young.set(channel, ids);
    }
    const before = ids.size;
    if (ids.add(id).size === before) return false;
    this.#youngCount += 1;
    return true;
  }

  /** Forgets an id: its message was not stored. */
  remove(channel: number, id: string): void {
    if (this.#young.get(channel)?.delete(id)) this.#youngCount -= 1;
    this.#old.get(channel)?.delete(id);
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#turnAtMs && this.#youngCount < this.#eachMax) return;
    // After a long silence the young are old enough to be forgotten as well.
    this.#old = nowMs < this.#turnAtMs + this.#windowMs ? this.#young : new Map();
    this.#young = new Map();
    this.#youngCount = 0;
    this.#turnAtMs = nowMs + this.#windowMs;
  }
}
