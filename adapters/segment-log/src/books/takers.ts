/** The consumers of one source, who take by turns. */
import type { ConsumeOptions } from "@cantle/messaging";

/** One consumer. */
export interface Taker extends ConsumeOptions {
  inHandCount: number;
  /** False when it is paused or stopped. */
  takes: boolean;
}

/** The consumers of one source. */
export class Takers {
  readonly #all: Taker[] = [];
  #turn = 0;

  /** How many deliveries they could take now. */
  get roomCount(): number {
    let room = 0;
    for (const { takes, inFlightMax, inHandCount } of this.#all)
      if (takes && inHandCount < inFlightMax) room += inFlightMax - inHandCount;
    return room;
  }

  add(options: ConsumeOptions): Taker {
    const taker: Taker = { ...options, inHandCount: 0, takes: true };
    this.#all.push(taker);
    return taker;
  }

  /** False when it was removed before. */
  remove(taker: Taker): boolean {
    const at = this.#all.indexOf(taker);
    if (at < 0) return false;
    taker.takes = false;
    this.#all.splice(at, 1);
    return true;
  }

  removeAll(): readonly Taker[] {
    const all = [...this.#all];
    for (const taker of all) this.remove(taker);
    return all;
  }

  /** Whose turn it is among those with room; undefined when nobody has any. */
  next(): Taker | undefined {
    for (let looked = 0; looked < this.#all.length; looked++) {
      this.#turn = (this.#turn + 1) % this.#all.length;
      const taker = this.#all[this.#turn] as Taker;
      if (taker.takes && taker.inHandCount < taker.inFlightMax) return taker;
    }
    return undefined;
  }
}
