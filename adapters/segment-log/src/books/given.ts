/** A delivery, as its consumer has it. */
import type { AttemptFailure, Delivery, Held, StoredMessage } from "@cantle/messaging";
import type { InHand } from "../hands.ts";
import type { Taker } from "./takers.ts";

/** Whose deliveries they are: who gives them, and ends them. */
export interface Giver {
  readonly number: number;
  /** Takes what can be given now, at most so many; answers whether there may be more. */
  collect(given: Given[], max: number): boolean;
  ack(given: Given): Promise<void>;
  nack(given: Given, delayMs: number, failure: AttemptFailure): Promise<void>;
  bury(given: Given, failure: AttemptFailure): Promise<void>;
  release(given: Given): Promise<void>;
  extend(given: Given): Promise<void>;
}

/** What a delivery is made of. */
export interface GivenParts {
  readonly source: Giver;
  readonly taker: Taker;
  readonly held: Held;
  readonly message: StoredMessage;
  readonly failures: readonly AttemptFailure[];
}

/** A delivery. */
export class Given implements Delivery {
  readonly message: StoredMessage;
  readonly failures: readonly AttemptFailure[];
  readonly held: Held;
  readonly taker: Taker;
  readonly #source: Giver;

  constructor({ source, taker, held, message, failures }: GivenParts) {
    this.#source = source;
    this.taker = taker;
    this.held = held;
    this.message = message;
    this.failures = failures;
  }

  get attempt(): number {
    return this.held.attempt;
  }

  /** Its number in its source. */
  get number(): number {
    return this.held.sequence;
  }

  /** What `Hands` is to know of it; attempt 0 says that it is given back. */
  row(attempt = this.attempt): InHand {
    return { source: this.#source.number, number: this.number, attempt, leaseMs: this.taker.leaseMs };
  }

  ack(): Promise<void> {
    return this.#source.ack(this);
  }

  nack(delayMs: number, failure: AttemptFailure): Promise<void> {
    return this.#source.nack(this, delayMs, failure);
  }

  bury(failure: AttemptFailure): Promise<void> {
    return this.#source.bury(this, failure);
  }

  release(): Promise<void> {
    return this.#source.release(this);
  }

  extend(): Promise<void> {
    return this.#source.extend(this);
  }
}
