/** A delivery of a group: its lease is longer only once the server has confirmed that the group is still ours. */
import type { AttemptFailure, Delivery, StoredMessage } from "@cantle/messaging";
import type { Ownership } from "./ownership.ts";

/** As its consumer sees it. */
export class OwnedDelivery implements Delivery {
  readonly #given: Delivery;
  readonly #ownership: Ownership;

  constructor(given: Delivery, ownership: Ownership) {
    this.#given = given;
    this.#ownership = ownership;
  }

  get message(): StoredMessage {
    return this.#given.message;
  }

  get attempt(): number {
    return this.#given.attempt;
  }

  get failures(): readonly AttemptFailure[] {
    return this.#given.failures;
  }

  ack(): Promise<void> {
    return this.#given.ack();
  }

  nack(delayMs: number, failure: AttemptFailure): Promise<void> {
    return this.#given.nack(delayMs, failure);
  }

  bury(failure: AttemptFailure): Promise<void> {
    return this.#given.bury(failure);
  }

  release(): Promise<void> {
    return this.#given.release();
  }

  async extend(): Promise<void> {
    await this.#given.extend();
    await this.#ownership.commit();
  }
}
