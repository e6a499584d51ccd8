/** The port that every messaging engine implements, and what an engine says of itself. */
import type { Clock, Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { DeadLetters } from "./dead-letters.ts";
import type { Log } from "./log.ts";
import type { Queue } from "./queue.ts";

/** What an engine can do. `cantle check` refuses a system that asks for more. */
export interface BrokerFacts {
  /** The product, for example `NATS JetStream`. */
  readonly product: string;
  readonly version: string;
  /** What an acknowledged message survives. */
  readonly durable:
    | "nothing"
    /** The end of the process, however it ends. */
    | "crash"
    /** A power cut too. */
    | "power";
  /** Messages with the same key are handled in order, one at a time in a group. */
  readonly orderedByKey: boolean;
  /** Dead letters show every attempt's failure; otherwise only the last one's. */
  readonly keepsFailures: boolean;
  readonly delays: boolean;
  readonly priorities: boolean;
  /** For how long publishing an id again stores nothing, ms; 0 for never. */
  readonly dedupWindowMs: number;
  /** The largest `data` of a message, bytes. */
  readonly messageBytesMax: number;
}

/** An opened broker. */
export interface Broker {
  readonly facts: BrokerFacts;
  readonly log: Log;
  /** Absent where the engine has topics only. */
  readonly queue: Queue | undefined;
  readonly deadLetters: DeadLetters;
  /** Throws when it cannot work just now; asked by readiness. */
  check(): Promise<void>;
  /** Gives everything back; deliveries in hand go back to their groups and queues. */
  close(): Promise<void>;
}

/** What an engine is told. */
export interface BrokerOptions {
  /** Where the broker is; its scheme chose the engine. May hold a password, so it never goes into a message. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The largest `data` of a message, bytes; default 1 MiB. A larger one is refused with `MESSAGE_TOO_LARGE`. */
  readonly messageBytesMax?: number | undefined;
}

/** Opens brokers. */
export interface BrokerEngine {
  open(options: BrokerOptions): Promise<Broker>;
}

/** The largest `data` of a message where nothing else is said, bytes. */
export const messageBytesDefault = 1024 * 1024;
