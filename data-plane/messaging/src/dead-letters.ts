/** The port of dead letters: messages that were given up, by whom and why, until somebody puts it right. */
import type { Channel } from "@cantle/contract";
import type { AttemptFailure, StoredMessage } from "./delivery.ts";

/** Where a message was given up: a queue, or a topic as one group sees it. */
export interface DeadLetterSource extends Channel {
  /** The group; absent for a queue. */
  readonly group?: string | undefined;
}

/** A message that was given up. */
export interface DeadLetter {
  /** Its name among the dead letters of its source. */
  readonly id: string;
  readonly message: StoredMessage;
  readonly attempts: number;
  readonly failures: readonly AttemptFailure[];
  /** When it was given up, RFC 3339 in UTC. */
  readonly at: string;
}

/** How many messages a source gave up. */
export interface DeadLetterFacts {
  readonly source: DeadLetterSource;
  readonly count: number;
  /** Age of the oldest, ms. */
  readonly oldestMs: number;
}

/** A page of dead letters. */
export interface DeadLetterPage {
  readonly max: number;
  /** Only those after this id. */
  readonly after?: string | undefined;
}

/** Dead letters. */
export interface DeadLetters {
  sources(): Promise<readonly DeadLetterFacts[]>;
  /** Oldest first. */
  read(source: DeadLetterSource, page: DeadLetterPage): Promise<readonly DeadLetter[]>;
  /**
   * Delivers one again to the queue or the group that gave it up, with its attempts counted anew; it is a dead letter no
   * longer. Answers false when it is not there (any more). A crash in between may leave both, never neither.
   */
  redrive(source: DeadLetterSource, id: string): Promise<boolean>;
  /** Removes one; false when it is not there. */
  remove(source: DeadLetterSource, id: string): Promise<boolean>;
}
