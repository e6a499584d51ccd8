/**
 * Many small things in few calls: while one call is under way, what comes waits for the next one. So a batch is as large as the
 * other side is slow, nothing waits for a timer, and the order stays.
 *
 * Calls are made in the asynchronous context in which the batcher was made: a batch belongs to nobody in particular.
 *
 * What is added together may need several calls; when one of them fails, the rest of it is not sent.
 */

import { AsyncLocalStorage } from "node:async_hooks";

/** How batches are made. */
export interface BatcherOptions<T, R> {
  /** Sends a batch and answers with a result for each item, in order. */
  readonly send: (items: readonly T[]) => Promise<readonly R[]>;
  readonly weightOf: (item: T) => number;
  /** A batch ends with the item that brings it here. */
  readonly weightMax: number;
  /** How much may wait. */
  readonly waitingWeightMax: number;
  /** What is thrown when more would wait. */
  readonly full: () => unknown;
}

interface Waiting<T, R> {
  readonly items: readonly T[];
  readonly results: R[];
  readonly resolve: (results: R[]) => void;
  readonly reject: (error: unknown) => void;
  sentCount: number;
  isOver: boolean;
}

/** Collects items. */
export class Batcher<T, R> {
  readonly #options: BatcherOptions<T, R>;
  readonly #waiting: Waiting<T, R>[] = [];
  #waitingWeight = 0;
  #isSending = false;
  #whenIdle: (() => void)[] = [];
  readonly #inOwnContext = AsyncLocalStorage.snapshot();

  constructor(options: BatcherOptions<T, R>) {
    this.#options = options;
  }

  /** True when nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return !this.#isSending;
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    return this.#isSending ? new Promise((resolve) => void this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  /** Resolves with the results of these items when all of them were sent. */
  add(items: readonly T[]): Promise<readonly R[]> {
    if (items.length === 0) return Promise.resolve([]);
    const { weightOf, waitingWeightMax, full } = this.#options;
    const weight = items.reduce((sum, item) => sum + weightOf(item), 0);
    if (this.#waitingWeight > 0 && this.#waitingWeight + weight > waitingWeightMax) return Promise.reject(full());
    this.#waitingWeight += weight;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, results: [], resolve, reject, sentCount: 0, isOver: false });
      if (this.#isSending) return;
      this.#isSending = true;
      // What is added in the same go leaves in the same call.
      queueMicrotask(() => this.#inOwnContext(() => void this.#sendAll()));
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        const results = await this.#options.send(batch.map(({ item }) => item));
        for (const [index, { of }] of batch.entries()) this.#succeed(of, results[index] as R);
      } catch (error) {
        for (const { of } of batch) this.#fail(of, error);
      }
    }
    this.#isSending = false;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const wake of waiting) wake();
  }

  #takeBatch(): { readonly item: T; readonly of: Waiting<T, R> }[] {
    const { weightOf, weightMax } = this.#options;
    const batch: { readonly item: T; readonly of: Waiting<T, R> }[] = [];
    let weight = 0;
    let doneCount = 0;
    for (const of of this.#waiting) {
      while (of.sentCount < of.items.length && weight < weightMax) {
        const item = of.items[of.sentCount++] as T;
        weight += weightOf(item);
        batch.push({ item, of });
      }
      if (of.sentCount < of.items.length) break;
      doneCount += 1;
    }
    this.#waiting.splice(0, doneCount);
    this.#waitingWeight -= weight;
    return batch;
  }

  #succeed(of: Waiting<T, R>, result: R): void {
    of.results.push(result);
    if (!of.isOver && of.results.length === of.items.length) of.resolve(of.results);
  }

  #fail(of: Waiting<T, R>, error: unknown): void {
    if (of.isOver) return;
    of.isOver = true;
    of.reject(error);
    // Only the first one that waits can have been sent in part.
    if (this.#waiting[0] !== of) return;
    this.#waiting.shift();
    for (const item of of.items.slice(of.sentCount)) this.#waitingWeight -= this.#options.weightOf(item);
  }
}
