/**
 * Which messages of one group of a topic, or of one queue, may be given away, which are in whose hands, and which come again:
 * a pure machine over sequence numbers, for every engine that keeps its own books.
 *
 *     add ──▶ waiting ──take──▶ held ──finish──▶ gone
 *      │        ▲  ▲              │
 *      │        │  └──giveBack────┤   not counted; its old place
 *      │        └────── due ◀─────┤   counted: `retry` after its delay, or the end of its lease
 *      ├─▶ delayed ─────┘         │
 *      └─▶ behind its key ◀───────┘   until the one before it is gone
 *
 * 1. A message is in one state at a time; of a lane (key) at most one is waiting, due, delayed or held.
 * 2. What is held is known by the `Held` that `take` answered with: any other, older one ends nothing (fencing).
 * 3. Higher ranks first. Within a rank the oldest first, by turns with those that come due: a message that fails for ever
 *    delays its neighbours by its own handling at most, and a long backlog does not keep a retry waiting for its end.
 * 4. Memory: 8 bytes for each that waits, 16 for each that is delayed, an object only for what is held or was tried.
 *
 * It stores nothing and reads no clock: `nowMs` is monotonic. An engine writes down what it is told before or after, as its
 * promise demands; a topic adds from its log while `hungry`, a queue adds everything.
 */
import type { AttemptFailure } from "./delivery.ts";
import { Lanes, noLane } from "./lanes.ts";
import { NumberHeap } from "./number-heap.ts";
import { NumberRing } from "./number-ring.ts";

/** Ranks of messages, by priority. */
export const ranks = { high: 0, normal: 1, low: 2 } as const;

/** A rank. */
export type Rank = (typeof ranks)[keyof typeof ranks];

/** What was tried with a message before. */
export interface Tried {
  /** Attempts that count. */
  readonly attempts: number;
  /** Oldest first, at most `failuresMax`. */
  readonly failures: readonly AttemptFailure[];
}

/** How many failures of a message are kept; the oldest ones go first. */
export const failuresMax = 32;

/** How a message is added. */
export interface Added {
  /** Its key's lane (`laneOf`); default `noLane`. */
  readonly lane?: number | undefined;
  /** Default normal. */
  readonly rank?: Rank | undefined;
  /** Not before this monotonic moment. */
  readonly notBeforeMs?: number | undefined;
  /** Where it was tried before: in a run before this one, or before it was stored again. */
  readonly tried?: Tried | undefined;
}

/** A message in somebody's hands. */
export interface Held {
  readonly sequence: number;
  readonly rank: Rank;
  /** 1 for the first. */
  readonly attempt: number;
  readonly failures: readonly AttemptFailure[];
  /** Until when it is theirs; monotonic. Moved by `extend`. */
  leaseEndMs: number;
}

const untried: Tried = { attempts: 0, failures: [] };

/** What waits in one rank. */
interface Waiting {
  /** As they were added: ascending. */
  readonly fresh: NumberRing;
  /** Given back, or next in their lane; by sequence. */
  readonly returned: NumberHeap;
  /** Delayed or failed before, in the order in which they came due. */
  readonly due: NumberRing;
}

const waitingNone = (): Waiting => ({ fresh: new NumberRing(), returned: new NumberHeap(), due: new NumberRing() });

/** The state of one group or queue. */
export class DeliveryState {
  readonly #ranks: readonly [Waiting, Waiting, Waiting] = [waitingNone(), waitingNone(), waitingNone()];
  /** By moment; the value is the sequence and its rank in one number. */
  readonly #delayed = new NumberHeap();
  readonly #lanes = new Lanes();
  readonly #held = new Map<number, Held>();
  readonly #tried = new Map<number, Tried>();
  #dueTurn = false;

  /** Could be given now, those behind their key included. */
  get waitingCount(): number {
    let count = this.#lanes.waitingCount;
    for (const { fresh, returned, due } of this.#ranks) count += fresh.length + returned.length + due.length;
    return count;
  }

  get delayedCount(): number {
    return this.#delayed.length;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  /** Everything that was added and is not gone. */
  get count(): number {
    return this.waitingCount + this.#delayed.length + this.#held.size;
  }

  /** How many wait behind a message with their key. A topic stops adding when these are many. */
  get behindCount(): number {
    return this.#lanes.waitingCount;
  }

  /** How many could be taken at this moment. */
  get readyCount(): number {
    return this.waitingCount - this.#lanes.waitingCount;
  }

  /** Adds a message. Sequences of fresh messages ascend. */
  add(sequence: number, { lane = noLane, rank = ranks.normal, notBeforeMs, tried }: Added = {}): void {
    if (tried !== undefined && tried.attempts > 0) this.#tried.set(sequence, tried);
    // A lane is one rank's: topics have lanes, queues have ranks.
    if (!this.#lanes.enter(sequence, lane)) return;
    if (notBeforeMs !== undefined) this.#delayed.push(notBeforeMs, sequence * 4 + rank);
    else if (tried !== undefined) this.#ranks[rank].returned.push(sequence, sequence);
    else this.#ranks[rank].fresh.push(sequence);
  }

  /** Gives away the next message until `leaseEndMs`; undefined when none may go now. */
  take(leaseEndMs: number): Held | undefined {
    for (const rank of [ranks.high, ranks.normal, ranks.low]) {
      const sequence = this.#next(this.#ranks[rank]);
      if (sequence === undefined) continue;
      const { attempts, failures } = this.#tried.get(sequence) ?? untried;
      const held: Held = { sequence, rank, attempt: attempts + 1, failures, leaseEndMs };
      this.#held.set(sequence, held);
      return held;
    }
    return undefined;
  }

  /** True while this one is not ended, by its holder or by its lease. */
  has(held: Held): boolean {
    return this.#held.get(held.sequence) === held;
  }

  /** It is handled or buried: gone. False when it was lost before. */
  finish(held: Held): boolean {
    if (!this.#release(held)) return false;
    this.#tried.delete(held.sequence);
    const next = this.#lanes.leave(held.sequence);
    if (next !== undefined) this.#ranks[held.rank].returned.push(next, next);
    return true;
  }

  /** It failed: counted, and due at `atMs`. False when it was lost before. */
  retry(held: Held, atMs: number, failure: AttemptFailure): boolean {
    if (!this.#release(held)) return false;
    this.#count(held, failure);
    this.#delayed.push(atMs, held.sequence * 4 + held.rank);
    return true;
  }

  /** It was not begun: back to its old place, uncounted. False when it was lost before. */
  giveBack(held: Held): boolean {
    if (!this.#release(held)) return false;
    this.#ranks[held.rank].returned.push(held.sequence, held.sequence);
    return true;
  }

  /** Moves the end of its lease. False when it was lost before. */
  extend(held: Held, leaseEndMs: number): boolean {
    if (!this.has(held)) return false;
    held.leaseEndMs = leaseEndMs;
    return true;
  }

  /** Lets what is delayed come due. */
  awaken(nowMs: number): void {
    for (let atMs = this.#delayed.peekRank(); atMs !== undefined && atMs <= nowMs; atMs = this.#delayed.peekRank()) {
      const entry = this.#delayed.pop() as number;
      this.#ranks[(entry % 4) as Rank].due.push(Math.floor(entry / 4));
    }
  }

  /** Takes back what is held for too long, counted with `failure`; answers with what was taken back. */
  expire(nowMs: number, failure: AttemptFailure): readonly Held[] {
    const over = [...this.#held.values()].filter((held) => held.leaseEndMs <= nowMs);
    for (const held of over) {
      this.#held.delete(held.sequence);
      this.#count(held, failure);
      this.#ranks[held.rank].due.push(held.sequence);
    }
    return over;
  }

  /** When the next delay is over; Infinity for none. */
  get dueAtMs(): number {
    return this.#delayed.peekRank() ?? Number.POSITIVE_INFINITY;
  }

  /** When the next lease is over; Infinity for none. Looks at all that are held, so asked once for each that ends, not each call. */
  leaseOverAtMs(): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { leaseEndMs } of this.#held.values()) if (leaseEndMs < soonest) soonest = leaseEndMs;
    return soonest;
  }

  /** What was tried with a message; nothing for most. */
  triedOf(sequence: number): Tried {
    return this.#tried.get(sequence) ?? untried;
  }

  /** Every message that is not gone, in no order; for facts and snapshots. */
  *sequences(): IterableIterator<number> {
    yield* this.#held.keys();
    for (const entry of this.#delayed) yield Math.floor(entry / 4);
    for (const { fresh, returned, due } of this.#ranks) {
      yield* fresh;
      yield* returned;
      yield* due;
    }
    yield* this.#lanes.waiting();
  }

  /** Forgets everything but what is held; answers with what it forgot. */
  purge(): readonly number[] {
    const gone = [...this.sequences()].filter((sequence) => !this.#held.has(sequence));
    for (const { fresh, returned, due } of this.#ranks) {
      fresh.clear();
      returned.clear();
      due.clear();
    }
    this.#delayed.clear();
    this.#lanes.clearWaiting();
    for (const sequence of gone) {
      this.#tried.delete(sequence);
      this.#lanes.leave(sequence);
    }
    return gone;
  }

  /** The next of one rank (3). */
  #next({ fresh, returned, due }: Waiting): number | undefined {
    const [oldest, again] = [fresh.peek() ?? Number.POSITIVE_INFINITY, returned.peekRank() ?? Number.POSITIVE_INFINITY];
    const none = oldest === again;
    if (due.length > 0 && (none || this.#dueTurn)) {
      this.#dueTurn = false;
      return due.shift();
    }
    if (none) return undefined;
    this.#dueTurn = true;
    return again < oldest ? returned.pop() : fresh.shift();
  }

  #release(held: Held): boolean {
    if (!this.has(held)) return false;
    this.#held.delete(held.sequence);
    return true;
  }

  #count({ sequence, attempt, failures }: Held, failure: AttemptFailure): void {
    this.#tried.set(sequence, { attempts: attempt, failures: [...failures, failure].slice(-failuresMax) });
  }
}
