/**
 * One consumer of another process, at the broker's side: what it was given, until it says what became of it.
 *
 * 1. Deliveries that wait for the stream's reader go in one item; no more wait than the consumer may have in hand.
 * 2. A stream that ends without a word is a consumer that died: what it had counts. One that leaves gives back.
 */
import type { Clock } from "@cantle/core";
import type { AttemptFailure, Consumption, Delivery } from "../delivery.ts";
import type { ConsumerItem } from "./contract.ts";
import { type PackedDelivery, packDeliveries } from "./packed.ts";

/** A consumer, as its handlers see it: also the stream of its deliveries. */
export class ServedConsumer implements AsyncIterableIterator<ConsumerItem> {
  readonly id: string;
  /** The service whose it is. */
  readonly owner: string;
  readonly #clock: Clock;
  readonly #knownMax: number;
  readonly #inHand = new Map<number, Delivery>();
  readonly #items: ConsumerItem[] = [];
  #waiting: PackedDelivery[] = [];
  #readers: ((result: IteratorResult<ConsumerItem>) => void)[] = [];
  #consumption: Consumption | undefined;
  #number = 0;
  #state: "open" | "ended" = "open";
  #isFlushing = false;
  readonly #onEnd: () => void;

  constructor(options: { id: string; owner: string; inFlightMax: number; clock: Clock; onEnd: () => void }) {
    this.id = options.id;
    this.owner = options.owner;
    this.#clock = options.clock;
    // Deliveries whose lease ran out are known for a while longer, so that their end is refused by the engine, with its reason.
    this.#knownMax = options.inFlightMax * 2;
    this.#onEnd = options.onEnd;
    this.#items.push({ kind: "joined", consumer: options.id });
  }

  /** The consumption that it stands for. */
  async begin(consuming: Promise<Consumption>): Promise<void> {
    const consumption = await consuming;
    this.#consumption = consumption;
    if (this.#state === "ended") await consumption.stop();
  }

  receive(delivery: Delivery): void {
    const number = ++this.#number;
    this.#inHand.set(number, delivery);
    for (const oldest of this.#inHand.keys()) {
      if (this.#inHand.size <= this.#knownMax) break;
      this.#inHand.delete(oldest);
    }
    const { attempt, message, failures } = delivery;
    this.#waiting.push({ number, attempt, message, failures });
    if (this.#isFlushing || this.#readers.length === 0) return;
    // What the engine gives in one go leaves in one item.
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  /** A delivery that it was given; undefined when it is not, or no longer, its. */
  deliveryOf(number: number): Delivery | undefined {
    return this.#inHand.get(number);
  }

  settled(number: number): void {
    this.#inHand.delete(number);
  }

  async pause(): Promise<void> {
    await this.#consumption?.pause();
    this.#items.push(...this.#packed(), { kind: "paused" });
    this.#flush();
  }

  /** It leaves: what it has goes back, uncounted. */
  async leave(): Promise<void> {
    if (!this.#end()) return;
    await this.#consumption?.stop();
  }

  /** Its stream ended without a word: what it has counts. */
  async died(): Promise<void> {
    if (!this.#end()) return;
    const failure: AttemptFailure = {
      code: "CONSUMER_GONE",
      message: "the connection of whoever had the message ended",
      at: new Date(this.#clock.wallMs()).toISOString(),
    };
    // Or it would be given what it lost.
    await this.#consumption?.pause().catch(() => {});
    const lost = [...this.#inHand.values()];
    await Promise.all(lost.map((delivery) => delivery.nack(0, failure).catch(() => {})));
    // Nobody is there to be told; what cannot be given back has its lease.
    await this.#consumption?.stop().catch(() => {});
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ConsumerItem>> {
    return new Promise((resolve) => {
      this.#readers.push(resolve);
      this.#flush();
    });
  }

  async return(): Promise<IteratorResult<ConsumerItem>> {
    await this.died();
    return { done: true, value: undefined };
  }

  #flush(): void {
    while (this.#readers.length > 0) {
      if (this.#items.length === 0) this.#items.push(...this.#packed());
      const item = this.#items.shift();
      if (item === undefined && this.#state === "open") return;
      const reader = this.#readers.shift();
      reader?.(item === undefined ? { done: true, value: undefined } : { done: false, value: item });
    }
  }

  /** What waits, as items that are not too large. */
  #packed(): ConsumerItem[] {
    const items: ConsumerItem[] = [];
    for (let from = 0, bytes = 0, at = 0; at < this.#waiting.length; at++) {
      bytes += (this.#waiting[at] as PackedDelivery).message.data.byteLength;
      if (bytes < itemBytesMax && at < this.#waiting.length - 1) continue;
      items.push({ kind: "deliveries", batch: packDeliveries(this.#waiting.slice(from, at + 1)) });
      [from, bytes] = [at + 1, 0];
    }
    this.#waiting = [];
    return items;
  }

  #end(): boolean {
    if (this.#state === "ended") return false;
    this.#state = "ended";
    this.#waiting = [];
    this.#items.length = 0;
    this.#onEnd();
    this.#flush();
    return true;
  }
}

/** An item ends with the message that brings it here. */
const itemBytesMax = 256 * 1024;
