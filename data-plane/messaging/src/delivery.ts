/**
 * A message in somebody's hands. For as long as the lease lasts nobody else of the group gets it; every delivery ends in
 * exactly one of `ack`, `nack`, `bury`, `release`, or in the end of its lease.
 *
 *     delivered ──▶ ack       handled, never again
 *        │    └──▶ nack      again after a delay; counted
 *        │    └──▶ bury      given up: to the dead letters
 *        │    └──▶ release   again at once, not counted: whoever had it is stopping
 *        └─ lease over ─▶ again at once; counted
 */
import type { Message } from "@cantle/contract";

/** Why one attempt did not succeed; what dead letters show. */
export interface AttemptFailure {
  /** A code of ours, or the name of a declared failure. */
  readonly code: string;
  /** For people; at most 1,000 characters are kept. */
  readonly message: string;
  /** When, RFC 3339 in UTC. */
  readonly at: string;
  /** The trace of the attempt, 32 hex digits. */
  readonly traceId?: string | undefined;
}

/** A message with the place where it is stored. */
export interface StoredMessage extends Message {
  /** Opaque; ordered within a channel as `comparePositions` of its engine says; what `read` and `seek` take. */
  readonly position: string;
}

/** One delivery of a message to one consumer. */
export interface Delivery {
  readonly message: StoredMessage;
  /** 1 for the first. Also counts deliveries whose consumer died, and survives restarts. */
  readonly attempt: number;
  /** The attempts before, oldest first, as far as the engine keeps them (at most 32). */
  readonly failures: readonly AttemptFailure[];
  /**
   * It is handled. Resolves when that survives a crash. Throws `DELIVERY_LOST` when the lease was over and somebody else
   * may have it by now, as do the others.
   */
  ack(): Promise<void>;
  /** It is not: it comes again after `delayMs`, to anybody of the group. */
  nack(delayMs: number, failure: AttemptFailure): Promise<void>;
  /** It is given up: kept among the dead letters with all failures, and not delivered again. */
  bury(failure: AttemptFailure): Promise<void>;
  /** It was not begun: it comes again at once, and this delivery does not count. */
  release(): Promise<void>;
  /** The lease lasts another `leaseMs` from now. */
  extend(): Promise<void>;
}

/** How deliveries are taken. */
export interface ConsumeOptions {
  /** How many may be in hand at once: the engine pushes no more until one of them ends. */
  readonly inFlightMax: number;
  /** How long a delivery is this consumer's alone, unless it extends it. */
  readonly leaseMs: number;
  /** Takes a delivery; must not throw. */
  readonly onDelivery: (delivery: Delivery) => void;
}

/** Deliveries that are being taken. */
export interface Consumption {
  /** Takes no more; resolves when no further delivery comes. Those in hand may still be ended. */
  pause(): Promise<void>;
  /** Ends it; deliveries that are still in hand go back, as if released. */
  stop(): Promise<void>;
}
