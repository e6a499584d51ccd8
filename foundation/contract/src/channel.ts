/**
 * Writing events and queues: `event(Account, { key: "id" })`, `queue(WelcomeMail)`. A draft has no name yet; `contract()`
 * gives it one.
 *
 *     event ──▶ a topic: whoever subscribes gets every one
 *     queue ──▶ a queue: one of the service's workers gets each
 */
import type { Channel } from "./message.ts";
import type { Out, Schema } from "./schema.ts";

/** What can be said of an event. */
export interface EventSpec {
  /** The member whose value is the message's key: events with the same one are handled in order. A string or a number. */
  readonly key?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
}

/** The same, of an event with this data: its key is one of its members. */
export interface EventOptions<S extends Schema> extends EventSpec {
  readonly key?: keyof Out<S> & string;
}

/** What can be said of a queue. */
export interface QueueSpec {
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
}

/** An event without a name. */
export interface EventDraft<S extends Schema = Schema> extends EventSpec {
  readonly kind: "event";
  readonly data: S;
}

/** A queue without a name. */
export interface QueueDraft<S extends Schema = Schema> extends QueueSpec {
  readonly kind: "queue";
  readonly data: S;
}

/** Whose channel it is, and how it is called at the broker. */
export interface Named {
  readonly service: string;
  readonly name: string;
  /** The contract's version. */
  readonly version: string;
  readonly channel: Channel;
}

/** An event of a contract. */
export type DeclaredEvent<S extends Schema = Schema> = EventDraft<S> & Named;
/** A queue of a contract. */
export type DeclaredQueue<S extends Schema = Schema> = QueueDraft<S> & Named;

/**
 * Something that happened, told to whoever subscribes. Published in the past tense: `opened`, `published`.
 * With `key` (a member of the data), those with the same value are handled in the order in which they were published.
 */
export function event<S extends Schema>(data: S, options?: EventOptions<S>): EventDraft<S> {
  return Object.freeze({ ...options, kind: "event", data });
}

/** Work that one of the service's workers takes, later. */
export function queue<S extends Schema>(data: S, options?: QueueSpec): QueueDraft<S> {
  return Object.freeze({ ...options, kind: "queue", data });
}
