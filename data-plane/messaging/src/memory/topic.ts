/** One topic in memory: its messages by sequence, and its groups. */
import type { Message } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import type { StoredMessage } from "../delivery.ts";
import type { StartAt, TopicFacts } from "../log.ts";
import { RecentIds } from "../recent-ids.ts";
import { type GroupedTopic, MemoryGroup } from "./group.ts";
import { type Store, weightOf } from "./store.ts";

/** A message with the moments at which it was stored. */
interface Entry {
  readonly message: StoredMessage;
  readonly storedMs: number;
  readonly storedWallMs: number;
}

/** A topic. */
export class MemoryTopic implements GroupedTopic {
  readonly name: string;
  readonly groups = new Map<string, MemoryGroup>();
  readonly #store: Store;
  readonly #ids: RecentIds;
  #entries: Entry[] = [];
  #first = 1;

  constructor(store: Store, name: string) {
    this.#store = store;
    this.name = name;
    this.#ids = new RecentIds(store.limits.dedupWindowMs, store.limits.idsMax);
  }

  /** The sequence of the oldest message that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The sequence that the next message will have. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  stored(sequence: number): Entry | undefined {
    return this.#entries[sequence - this.#first];
  }

  append(messages: readonly Message[]): void {
    const { clock, room } = this.#store;
    const [storedMs, storedWallMs] = [clock.nowMs(), clock.wallMs()];
    try {
      for (const message of messages) {
        if (this.#ids.has(message.id, storedMs)) continue;
        room.take(message);
        this.#ids.add(message.id, storedMs);
        const stored = { ...message, data: new Uint8Array(message.data), position: String(this.end) };
        this.#entries.push({ message: stored, storedMs, storedWallMs });
      }
    } finally {
      for (const group of this.groups.values()) group.wake();
    }
  }

  group(name: string, from: StartAt): MemoryGroup {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new MemoryGroup(this.#store, { topic: this, name, next: this.sequenceAt(from) });
      this.groups.set(name, group);
    }
    return group;
  }

  read(from: StartAt, max: number): StoredMessage[] {
    const start = this.sequenceAt(from) - this.#first;
    return this.#entries.slice(start, start + max).map(({ message }) => message);
  }

  /** The sequence that a start means, among those that are kept or come next. */
  sequenceAt(from: StartAt): number {
    switch (from.kind) {
      case "first":
        return this.#first;
      case "new":
        return this.end;
      case "position":
        return Math.min(this.end, Math.max(this.#first, sequenceOf(from.position)));
      case "time": {
        const timeMs = Date.parse(from.time);
        if (Number.isNaN(timeMs)) throw new CantleError("INPUT_INVALID", "this is not a time as RFC 3339 writes it");
        const at = this.#entries.findIndex(({ storedWallMs }) => storedWallMs >= timeMs);
        return at < 0 ? this.end : this.#first + at;
      }
    }
  }

  /** Drops the oldest messages that no group waits for, while room is tight. */
  trim(): void {
    const needed = Math.min(this.end, ...[...this.groups.values()].map((group) => group.oldest()));
    let dropped = 0;
    for (; this.#first + dropped < needed && this.#store.room.isTight; dropped++)
      this.#store.room.free((this.#entries[dropped] as Entry).message);
    this.#entries = this.#entries.slice(dropped);
    this.#first += dropped;
  }

  facts(): TopicFacts {
    return {
      topic: this.name,
      messages: this.#entries.length,
      bytes: this.#entries.reduce((sum, { message }) => sum + weightOf(message), 0),
      groups: [...this.groups.values()].map((group) => group.facts()),
    };
  }
}

function sequenceOf(position: string): number {
  if (!/^\d{1,15}$/.test(position)) throw new CantleError("INPUT_INVALID", "this is not a position of this broker");
  return Number(position);
}
