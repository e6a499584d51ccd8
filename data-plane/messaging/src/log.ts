/**
 * The port of topics: what is appended stays for a while and can be read again; every group of consumers gets every
 * message, one consumer of the group at a time.
 *
 * What every engine keeps, and `logConformance` proves
 * 1. `append` resolves when the messages survive what the engine's facts say, and never before.
 * 2. In a group, messages with the same key are delivered one at a time in the order they were appended, also over
 *    redelivery and over several consumers (where facts say `orderedByKey`); other keys do not wait for them.
 * 3. A message is never lost to a group that existed when it was appended, until it is acked, buried or past retention.
 */
import type { Message } from "@cantle/contract";
import type { ConsumeOptions, Consumption, StoredMessage } from "./delivery.ts";

/** Where a group that is new, or sent elsewhere, goes on. */
export type StartAt =
  /** With the oldest message that is kept. */
  | { readonly kind: "first" }
  /** With what comes from now on. */
  | { readonly kind: "new" }
  /** With this message. */
  | { readonly kind: "position"; readonly position: string }
  /** With the first message that was stored at this moment or later; RFC 3339. */
  | { readonly kind: "time"; readonly time: string };

/** How a group stands. */
export interface GroupFacts {
  readonly group: string;
  /** Messages that are not yet handled. */
  readonly lag: number;
  readonly inFlight: number;
  /** Age of the oldest message that is not yet handled, ms; 0 for none. */
  readonly oldestMs: number;
}

/** How a topic stands. */
export interface TopicFacts {
  readonly topic: string;
  /** Messages that are kept. */
  readonly messages: number;
  readonly bytes: number;
  readonly groups: readonly GroupFacts[];
}

/** A page of messages, without taking them from anybody. */
export interface ReadOptions {
  readonly from: StartAt;
  readonly max: number;
}

/** Topics. */
export interface Log {
  /** Appends in this order. Throws `MESSAGE_TOO_LARGE`, `BROKER_FULL`, `BROKER_UNAVAILABLE`; then nothing of it, or a beginning of it, is stored. */
  append(topic: string, messages: readonly Message[]): Promise<void>;
  /** Joins a group; a group that is new begins at `from`. */
  consume(topic: string, group: string, options: ConsumeOptions & { readonly from: StartAt }): Promise<Consumption>;
  /** Reads without a group. */
  read(topic: string, options: ReadOptions): Promise<readonly StoredMessage[]>;
  /** Sends a group elsewhere: what is in flight is taken back. */
  seek(topic: string, group: string, to: StartAt): Promise<void>;
  /** Forgets a group. */
  forget(topic: string, group: string): Promise<void>;
  topics(): Promise<readonly TopicFacts[]>;
}
