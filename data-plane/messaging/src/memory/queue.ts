/** One queue in memory. */
import type { Message } from "@cantle/contract";
import type { ConsumeOptions, Consumption, StoredMessage } from "../delivery.ts";
import { DeliveryState, type Held, ranks } from "../delivery-state.ts";
import { type Books, type DeliveryEnd, Dispatch } from "../dispatch.ts";
import type { QueueFacts } from "../queue.ts";
import { RecentIds } from "../recent-ids.ts";
import type { Store } from "./store.ts";

interface Entry {
  readonly message: StoredMessage;
  readonly storedMs: number;
}

/** A queue. */
export class MemoryQueue implements Books {
  readonly name: string;
  readonly #store: Store;
  readonly #ids: RecentIds;
  /** By sequence, oldest first. */
  readonly #entries = new Map<number, Entry>();
  readonly #state = new DeliveryState();
  readonly #dispatch: Dispatch;
  #next = 1;

  constructor(store: Store, name: string) {
    this.#store = store;
    this.name = name;
    this.#ids = new RecentIds(store.limits.dedupWindowMs, store.limits.idsMax);
    this.#dispatch = new Dispatch(store.clock, this.#state, this);
  }

  send(messages: readonly Message[]): void {
    const { clock } = this.#store;
    const nowMs = clock.nowMs();
    try {
      for (const message of messages) {
        if (this.#ids.has(message.id, nowMs)) continue;
        const delayMs = message.notBefore === undefined ? 0 : Date.parse(message.notBefore) - clock.wallMs();
        this.#add({ ...message, data: new Uint8Array(message.data) }, delayMs > 0 ? nowMs + delayMs : undefined);
        this.#ids.add(message.id, nowMs);
      }
    } finally {
      this.#dispatch.arm();
      this.#dispatch.wake();
    }
  }

  consume(options: ConsumeOptions): Consumption {
    return this.#dispatch.consume(options);
  }

  /** At the end, by the way of what comes due, so that it takes turns with a long backlog. */
  redrive(message: StoredMessage): void {
    this.#add(message, this.#store.clock.nowMs());
    this.#dispatch.arm();
  }

  peek(max: number): StoredMessage[] {
    const seen: StoredMessage[] = [];
    for (const { message } of this.#entries.values()) {
      if (seen.length === max) break;
      seen.push(message);
    }
    return seen;
  }

  purge(): number {
    const gone = this.#state.purge();
    for (const sequence of gone) this.#forget(sequence);
    return gone.length;
  }

  close(): void {
    this.#dispatch.close();
  }

  facts(): QueueFacts {
    const [oldest] = this.#entries.values();
    return {
      queue: this.name,
      waiting: this.#state.waitingCount,
      delayed: this.#state.delayedCount,
      inFlight: this.#state.heldCount,
      oldestMs: oldest === undefined ? 0 : Math.max(0, this.#store.clock.nowMs() - oldest.storedMs),
    };
  }

  /** Everything is in the state from the beginning. */
  fill(): void {}

  read({ sequence }: Held): StoredMessage | undefined {
    return this.#entries.get(sequence)?.message;
  }

  async ended(held: Held, end: DeliveryEnd): Promise<void> {
    if (end.kind !== "ack" && end.kind !== "bury") return;
    const message = this.read(held);
    if (end.kind === "bury" && message !== undefined)
      this.#store.deadLetters.add({ kind: "queue", name: this.name }, { message, held, failure: end.failure });
    this.#forget(held.sequence);
  }

  #add(message: Message, notBeforeMs: number | undefined): void {
    this.#store.room.take(message);
    const sequence = this.#next++;
    const stored = { ...message, position: String(sequence) };
    this.#entries.set(sequence, { message: stored, storedMs: this.#store.clock.nowMs() });
    this.#state.add(sequence, { rank: ranks[message.priority ?? "normal"], notBeforeMs });
  }

  #forget(sequence: number): void {
    const entry = this.#entries.get(sequence);
    if (entry === undefined) return;
    this.#entries.delete(sequence);
    this.#store.room.free(entry.message);
  }
}
