/**
 * Who gets what: the consumers of one group or queue in a running engine, around its `DeliveryState`. It keeps the limits in
 * flight, the leases and the delays; what survives is the business of its engine's `Books`.
 *
 * 1. A delivery is ended in the state first, at once, and in the books after that: so nothing is ended twice, and `ack`
 *    resolves when the books say so.
 * 2. Consumers take turns; each has at most `inFlightMax` in hand.
 * 3. Deliveries are given from a microtask of their own, never from inside a call of the consumer.
 */
import { CantleError, type Clock, type Timer } from "@cantle/core";
import type { AttemptFailure, ConsumeOptions, Consumption, Delivery, StoredMessage } from "./delivery.ts";
import type { DeliveryState, Held } from "./delivery-state.ts";

/** How a delivery ended. */
export type DeliveryEnd =
  | { readonly kind: "ack" | "release" }
  /** Due again `atMs`, monotonic. */
  | { readonly kind: "nack"; readonly atMs: number; readonly failure: AttemptFailure }
  | { readonly kind: "bury"; readonly failure: AttemptFailure }
  /** Its lease was over. */
  | { readonly kind: "expired"; readonly failure: AttemptFailure };

/** What an engine does for one group or queue. */
export interface Books {
  /** Adds to the state until so many are ready, or there are no more; a queue has nothing to do here. */
  fill(readyCount: number): void;
  /** The message; undefined when it is past retention, then it is passed over. */
  read(held: Held): StoredMessage | undefined;
  /** Writes down an end. Resolves when it survives what the engine promises. */
  ended(held: Held, end: DeliveryEnd): Promise<void>;
}

/** One consumer. */
interface Taker extends ConsumeOptions {
  inHandCount: number;
  takes: boolean;
}

const failureMessageMax = 1_000;

/** A failure, as it is kept. */
export function keptFailure(failure: AttemptFailure): AttemptFailure {
  return failure.message.length <= failureMessageMax
    ? failure
    : { ...failure, message: `${failure.message.slice(0, failureMessageMax - 1)}…` };
}

/** The consumers of one group or queue. */
export class Dispatch {
  readonly #clock: Clock;
  readonly #state: DeliveryState;
  readonly #books: Books;
  readonly #takers: Taker[] = [];
  readonly #takerOf = new Map<Held, Taker>();
  #turn = 0;
  #isPumping = false;
  #armedMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock, state: DeliveryState, books: Books) {
    this.#clock = clock;
    this.#state = state;
    this.#books = books;
  }

  /** Adds a consumer. */
  consume(options: ConsumeOptions): Consumption {
    const taker: Taker = { ...options, inHandCount: 0, takes: true };
    this.#takers.push(taker);
    this.wake();
    return {
      pause: async () => {
        taker.takes = false;
      },
      stop: async () => this.#stop(taker),
    };
  }

  /** Something may have changed: gives what can be given, soon. */
  wake(): void {
    if (this.#isPumping || this.#takers.length === 0) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  /** Sees to it that what was added with a delay comes due. */
  arm(atMs = this.#state.dueAtMs): void {
    if (atMs >= this.#armedMs) return;
    this.#timer?.cancel();
    this.#armedMs = atMs;
    this.#timer = this.#clock.after(Math.max(0, atMs - this.#clock.nowMs()), () => this.#tick());
  }

  /** Takes everything back and forgets the consumers; what they have in hand is lost to them. */
  close(): void {
    for (const taker of [...this.#takers]) this.#stop(taker);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** What is in hand goes back, uncounted; the consumers stay. */
  recall(): void {
    for (const [held, taker] of this.#takerOf) this.#giveBack(held, taker);
    this.wake();
  }

  /** A consumer's way of ending a delivery; rejects with `DELIVERY_LOST` when it was lost before. */
  end(held: Held, end: Exclude<DeliveryEnd, { kind: "expired" }>): Promise<void> {
    const taker = this.#takerOf.get(held);
    if (taker === undefined || !this.#apply(held, end))
      return Promise.reject(new CantleError("DELIVERY_LOST", "the lease of this delivery was over"));
    this.#drop(held, taker);
    if (end.kind === "nack") this.arm(end.atMs);
    this.wake();
    return this.#books.ended(held, end);
  }

  /** Gives the lease another length from now. */
  extend(held: Held): Promise<void> {
    const taker = this.#takerOf.get(held);
    if (taker === undefined || !this.#state.extend(held, this.#clock.nowMs() + taker.leaseMs))
      return Promise.reject(new CantleError("DELIVERY_LOST", "the lease of this delivery was over"));
    return Promise.resolve();
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  #apply(held: Held, end: DeliveryEnd): boolean {
    switch (end.kind) {
      case "ack":
      case "bury":
        return this.#state.finish(held);
      case "nack":
        return this.#state.retry(held, end.atMs, end.failure);
      default:
        return this.#state.giveBack(held);
    }
  }

  #pump(): void {
    let room = 0;
    for (const { takes, inFlightMax, inHandCount } of this.#takers)
      if (takes) room += Math.max(0, inFlightMax - inHandCount);
    if (room === 0) return;
    this.#books.fill(room);
    for (let taker = this.#nextTaker(); taker !== undefined; taker = this.#nextTaker()) {
      const held = this.#state.take(this.#clock.nowMs() + taker.leaseMs);
      if (held === undefined) return;
      this.#give(held, taker);
    }
  }

  #give(held: Held, taker: Taker): void {
    const message = this.#books.read(held);
    if (message === undefined) {
      this.#state.finish(held);
      // Nobody waits for this one; if it cannot be written, it is passed over again next time.
      this.#books.ended(held, { kind: "ack" }).catch(() => {});
      this.wake();
      return;
    }
    taker.inHandCount += 1;
    this.#takerOf.set(held, taker);
    this.arm(held.leaseEndMs);
    taker.onDelivery(new GivenDelivery(this, held, message));
  }

  /** The next consumer that has room. */
  #nextTaker(): Taker | undefined {
    for (let looked = 0; looked < this.#takers.length; looked++) {
      this.#turn = (this.#turn + 1) % this.#takers.length;
      const taker = this.#takers[this.#turn] as Taker;
      if (taker.takes && taker.inHandCount < taker.inFlightMax) return taker;
    }
    return undefined;
  }

  #stop(taker: Taker): void {
    const at = this.#takers.indexOf(taker);
    if (at < 0) return;
    taker.takes = false;
    this.#takers.splice(at, 1);
    for (const [held, holder] of this.#takerOf) if (holder === taker) this.#giveBack(held, taker);
    this.wake();
  }

  #giveBack(held: Held, taker: Taker): void {
    this.#drop(held, taker);
    if (this.#state.giveBack(held)) this.#books.ended(held, { kind: "release" }).catch(() => {});
  }

  #drop(held: Held, taker: Taker): void {
    this.#takerOf.delete(held);
    taker.inHandCount -= 1;
  }

  #tick(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.nowMs();
    this.#state.awaken(nowMs);
    const failure: AttemptFailure = {
      code: "CONSUMER_GONE",
      message: "whoever had the message let its lease run out",
      at: new Date(this.#clock.wallMs()).toISOString(),
    };
    for (const held of this.#state.expire(nowMs, failure)) {
      const taker = this.#takerOf.get(held);
      if (taker !== undefined) this.#drop(held, taker);
      this.#books.ended(held, { kind: "expired", failure }).catch(() => {});
    }
    this.arm(Math.min(this.#state.dueAtMs, this.#state.leaseOverAtMs()));
    this.wake();
  }
}

/** A delivery, as its consumer sees it. */
class GivenDelivery implements Delivery {
  readonly message: StoredMessage;
  readonly #dispatch: Dispatch;
  readonly #held: Held;

  constructor(dispatch: Dispatch, held: Held, message: StoredMessage) {
    this.#dispatch = dispatch;
    this.#held = held;
    this.message = message;
  }

  get attempt(): number {
    return this.#held.attempt;
  }

  get failures(): readonly AttemptFailure[] {
    return this.#held.failures;
  }

  ack(): Promise<void> {
    return this.#dispatch.end(this.#held, { kind: "ack" });
  }

  nack(delayMs: number, failure: AttemptFailure): Promise<void> {
    const atMs = this.#dispatch.nowMs() + Math.max(0, delayMs);
    return this.#dispatch.end(this.#held, { kind: "nack", atMs, failure: keptFailure(failure) });
  }

  bury(failure: AttemptFailure): Promise<void> {
    return this.#dispatch.end(this.#held, { kind: "bury", failure: keptFailure(failure) });
  }

  release(): Promise<void> {
    return this.#dispatch.end(this.#held, { kind: "release" });
  }

  extend(): Promise<void> {
    return this.#dispatch.extend(this.#held);
  }
}
