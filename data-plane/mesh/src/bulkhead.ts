/**
 * How many calls of one operation a process has out at once, and who waits for a place.
 *
 * A place that becomes free is handed to the one who waited longest: it never is free in between, so that nobody who comes
 * just then can take it from under the one who waited.
 */

/** The size of a bulkhead. */
export interface BulkheadPolicy {
  /** Calls at once. */
  readonly concurrentMax: number;
  /** Calls that wait for a place, within their deadline; default 0: further calls fail at once. */
  readonly queueMax: number;
}

/** The places of one operation; `Waiter` is whatever stands for one who waits. */
export class Bulkhead<Waiter> {
  readonly #policy: BulkheadPolicy;
  readonly #queue: Waiter[] = [];
  #inside = 0;

  constructor(policy: BulkheadPolicy) {
    this.#policy = policy;
  }

  /** Calls that have a place, and calls that wait for one. */
  get load(): { readonly inside: number; readonly waiting: number } {
    return { inside: this.#inside, waiting: this.#queue.length };
  }

  /** Takes a place where there is one. */
  enter(): boolean {
    if (this.#inside >= this.#policy.concurrentMax) return false;
    this.#inside++;
    return true;
  }

  /** Waits for a place; false when too many do. */
  wait(waiter: Waiter): boolean {
    if (this.#queue.length >= this.#policy.queueMax) return false;
    this.#queue.push(waiter);
    return true;
  }

  /** Gives a place back. Answers with who has it now. */
  leave(): Waiter | undefined {
    const next = this.#queue.shift();
    if (next === undefined) this.#inside--;
    return next;
  }

  /** Stops waiting. */
  giveUp(waiter: Waiter): void {
    const at = this.#queue.indexOf(waiter);
    if (at >= 0) this.#queue.splice(at, 1);
  }
}
