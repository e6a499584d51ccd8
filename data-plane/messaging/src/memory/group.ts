/** One group of a topic in memory: where it is, and who of it has what. */
import type { ConsumeOptions, Consumption, StoredMessage } from "../delivery.ts";
import { DeliveryState, type Held } from "../delivery-state.ts";
import { type Books, type DeliveryEnd, Dispatch } from "../dispatch.ts";
import { laneOf } from "../lanes.ts";
import type { GroupFacts } from "../log.ts";
import type { Store } from "./store.ts";

/** Redriven messages have numbers of their own, far above the topic's: theirs may have been given again meanwhile. */
const redrivenFrom = 2 ** 50;

/** What a group needs of its topic. */
export interface GroupedTopic {
  readonly name: string;
  /** The sequence of the oldest message that is kept, and the one that the next message will have. */
  readonly first: number;
  readonly end: number;
  stored(sequence: number): { readonly message: StoredMessage; readonly storedMs: number } | undefined;
}

/** A group. */
export class MemoryGroup implements Books {
  readonly name: string;
  readonly #store: Store;
  readonly #topic: GroupedTopic;
  readonly #redriven = new Map<number, StoredMessage>();
  #next: number;
  #state = new DeliveryState();
  #dispatch: Dispatch;
  #redrivenNext = redrivenFrom;

  constructor(store: Store, { topic, name, next }: { topic: GroupedTopic; name: string; next: number }) {
    this.#store = store;
    this.#topic = topic;
    this.name = name;
    this.#next = next;
    this.#dispatch = new Dispatch(store.clock, this.#state, this);
  }

  consume(options: ConsumeOptions): Consumption {
    return this.#dispatch.consume(options);
  }

  wake(): void {
    this.#dispatch.wake();
  }

  close(): void {
    this.#dispatch.close();
  }

  /** Goes on at `next`; everything in hand is lost to whoever has it. Redriven messages come again too. */
  seek(next: number): void {
    this.#dispatch.recall();
    this.#state.purge();
    this.#next = next;
    for (const sequence of this.#redriven.keys()) this.#addRedriven(sequence);
    this.#dispatch.wake();
  }

  redrive(message: StoredMessage): void {
    const sequence = this.#redrivenNext++;
    this.#redriven.set(sequence, message);
    this.#addRedriven(sequence);
  }

  /** The oldest of the topic's messages that it has not finished. */
  oldest(): number {
    let oldest = this.#next;
    for (const sequence of this.#state.sequences()) if (sequence < oldest) oldest = sequence;
    return oldest;
  }

  facts(): GroupFacts {
    const oldest = this.#topic.stored(this.oldest());
    return {
      group: this.name,
      lag: this.#topic.end - this.#next + this.#state.count,
      inFlight: this.#state.heldCount,
      oldestMs: oldest === undefined ? 0 : Math.max(0, this.#store.clock.nowMs() - oldest.storedMs),
    };
  }

  fill(readyCount: number): void {
    this.#next = Math.max(this.#next, this.#topic.first);
    while (
      this.#next < this.#topic.end &&
      this.#state.readyCount < readyCount &&
      this.#state.behindCount < this.#store.limits.behindMax
    ) {
      const sequence = this.#next++;
      this.#state.add(sequence, { lane: laneOf(this.#topic.stored(sequence)?.message.key) });
    }
  }

  read({ sequence }: Held): StoredMessage | undefined {
    return this.#redriven.get(sequence) ?? this.#topic.stored(sequence)?.message;
  }

  async ended(held: Held, end: DeliveryEnd): Promise<void> {
    if (end.kind !== "ack" && end.kind !== "bury") return;
    const message = this.read(held);
    if (end.kind === "bury" && message !== undefined) {
      const source = { kind: "topic", name: this.#topic.name, group: this.name } as const;
      this.#store.deadLetters.add(source, { message, held, failure: end.failure });
    }
    this.#redriven.delete(held.sequence);
  }

  /** By the way of what comes due, so that it takes turns with a long backlog. */
  #addRedriven(sequence: number): void {
    const lane = laneOf(this.#redriven.get(sequence)?.key);
    this.#state.add(sequence, { lane, notBeforeMs: this.#store.clock.nowMs() });
    this.#dispatch.arm();
  }
}
