/**
 * The port of queues: work that one of many workers takes. A message leaves the queue when it is acked or buried.
 *
 * What every engine keeps, and `queueConformance` proves
 * 1. `send` resolves when the messages survive what the engine's facts say, and never before.
 * 2. At any moment a message is in one worker's hands at most; a worker whose lease is over can end nothing any more.
 * 3. Those with a higher priority come first among what waits; among equals, roughly the oldest.
 * 4. A message that fails again and again delays its neighbours by no more than the time it is being handled.
 */
import type { Message } from "@cantle/contract";
import type { ConsumeOptions, Consumption, StoredMessage } from "./delivery.ts";

/** How a queue stands. */
export interface QueueFacts {
  readonly queue: string;
  /** Could be delivered now. */
  readonly waiting: number;
  /** Not before a later moment: scheduled, or backing off. */
  readonly delayed: number;
  readonly inFlight: number;
  /** Age of the oldest message, ms; 0 for none. */
  readonly oldestMs: number;
}

/** Queues. */
export interface Queue {
  /** Throws `MESSAGE_TOO_LARGE`, `BROKER_FULL`, `BROKER_UNAVAILABLE`; then nothing of it, or a beginning of it, is stored. */
  send(queue: string, messages: readonly Message[]): Promise<void>;
  consume(queue: string, options: ConsumeOptions): Promise<Consumption>;
  /** Looks at what is in the queue, without taking it from anybody. */
  peek(queue: string, max: number): Promise<readonly StoredMessage[]>;
  /** Removes everything that is in nobody's hands; answers with how many. */
  purge(queue: string): Promise<number>;
  queues(): Promise<readonly QueueFacts[]>;
}
