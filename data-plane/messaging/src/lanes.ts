/**
 * Who may go, when messages with the same key go one after the other. A lane is one key (or a few whose hashes are equal,
 * which then wait for each other too: harmless and rare). It has one owner, the oldest message that is not finished; the
 * others wait in it. It exists only while it has an owner.
 */
import { NumberRing } from "./number-ring.ts";

/** The lane of messages that wait for nobody. */
export const noLane = 0;

/** The lane of a key: 32 bits, never `noLane`. The same in every engine and every version: engines store it. */
export function laneOf(key: string | undefined): number {
  if (key === undefined) return noLane;
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 || 1;
}

/** The lanes of one group. */
export class Lanes {
  /** Those who wait, by lane; undefined while only the owner is there, which is nearly always. */
  readonly #waiting = new Map<number, NumberRing | undefined>();
  readonly #laneOfOwner = new Map<number, number>();
  #waitingCount = 0;

  /** How many messages wait for others. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Brings a message to its lane; true when it may go, false when it has to wait and will be named by `leave`. */
  enter(sequence: number, lane: number): boolean {
    if (lane === noLane) return true;
    if (!this.#waiting.has(lane)) {
      this.#waiting.set(lane, undefined);
      this.#laneOfOwner.set(sequence, lane);
      return true;
    }
    let waiting = this.#waiting.get(lane);
    if (waiting === undefined) {
      waiting = new NumberRing();
      this.#waiting.set(lane, waiting);
    }
    waiting.push(sequence);
    this.#waitingCount += 1;
    return false;
  }

  /** The owner is finished; answers with who owns its lane now, if anybody waited. */
  leave(sequence: number): number | undefined {
    const lane = this.#laneOfOwner.get(sequence);
    if (lane === undefined) return undefined;
    this.#laneOfOwner.delete(sequence);
    const next = this.#waiting.get(lane)?.shift();
    if (next === undefined) {
      this.#waiting.delete(lane);
      return undefined;
    }
    this.#laneOfOwner.set(next, lane);
    this.#waitingCount -= 1;
    return next;
  }

  /** Those who wait, in no order across lanes. */
  *waiting(): IterableIterator<number> {
    for (const ring of this.#waiting.values()) if (ring !== undefined) yield* ring;
  }

  /** Sends everybody away who waits; owners stay. */
  clearWaiting(): void {
    for (const lane of this.#waiting.keys()) this.#waiting.set(lane, undefined);
    this.#waitingCount = 0;
  }
}
