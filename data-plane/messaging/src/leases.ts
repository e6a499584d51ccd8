/** Says at a third of the lease that what is in hand goes on; one timer for all of it. */
import { type Clock, isCantleError, type Timer } from "@cantle/core";

/** What is done with each. */
export interface LeaseHolder<T> {
  extend(item: T): Promise<void>;
  /** The lease was over, so somebody else may have it. */
  lost(item: T, error: unknown): void;
}

/** What is in hand. */
export class Leases<T> {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #holder: LeaseHolder<T>;
  readonly #items = new Set<T>();
  #timer: Timer | undefined;

  constructor(clock: Clock, leaseMs: number, holder: LeaseHolder<T>) {
    this.#clock = clock;
    this.#everyMs = leaseMs / 3;
    this.#holder = holder;
  }

  add(item: T): void {
    this.#items.add(item);
    if (this.#timer === undefined) this.#arm();
  }

  delete(item: T): void {
    this.#items.delete(item);
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#everyMs, () => {
      this.#timer = undefined;
      for (const item of this.#items) {
        this.#holder.extend(item).catch((error: unknown) => {
          // A broker that cannot be asked just now is asked again, while the lease lasts.
          if (this.#items.has(item) && isCantleError(error) && error.code === "DELIVERY_LOST")
            this.#holder.lost(item, error);
        });
      }
      if (this.#items.size > 0) this.#arm();
    });
  }
}
