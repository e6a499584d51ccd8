/**
 * What was tried with messages that failed, and what must not be counted: JetStream counts deliveries, and a message that was
 * given back unbegun is delivered once more too. Written when a delivery fails or is given back, read when a message comes again;
 * most messages never have one. Kept for 30 days at most.
 */
import { type AttemptFailure, type DeadLetterSource, failuresMax, type Tried } from "@cantle/messaging";
import type { Connection } from "./connection.ts";
import { isApiError } from "./errors.ts";
import { mapBounded } from "./map-bounded.ts";

/** What is known of one message. */
export interface AttemptRecord extends Tried {
  /** How often the server had delivered it when this was written; 0 where the server does not count (topics). */
  readonly deliveries: number;
  /** Until when it waits, wall ms. */
  readonly untilMs: number;
}

/** Records and where they are. */
export interface StoredAttempts extends AttemptRecord {
  readonly sequence: number;
}

const none: Tried = { attempts: 0, failures: [] };

/** What was tried before delivery number `deliveries`, if the last thing known is `record`. */
export function triedBefore(deliveries: number, record: AttemptRecord | undefined, gone: AttemptFailure): Tried {
  const { attempts, failures } = record ?? none;
  // Deliveries that nobody wrote anything about: their consumers died, or let the lease run out.
  const silent = Math.max(0, deliveries - 1 - (record?.deliveries ?? 0));
  const more = Array.from({ length: Math.min(silent, failuresMax) }, () => gone);
  return { attempts: attempts + silent, failures: [...failures, ...more].slice(-failuresMax) };
}

/** One more attempt that failed. */
export function triedOnceMore({ attempts, failures }: Tried, failure: AttemptFailure): Tried {
  return { attempts: attempts + 1, failures: [...failures, failure].slice(-failuresMax) };
}

/** Where records are kept. */
export class Attempts {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async read(source: DeadLetterSource, sequence: number): Promise<AttemptRecord | undefined> {
    const { jsm, names } = this.#connection;
    try {
      const subject = names.attemptSubject(source, sequence);
      const found = await jsm.streams.getMessage(names.attempts, { last_by_subj: subject });
      return found === null ? undefined : (found.json() as AttemptRecord);
    } catch (error) {
      if (isApiError(error, "noMessageFound")) return undefined;
      throw error;
    }
  }

  async write(source: DeadLetterSource, sequence: number, record: AttemptRecord): Promise<void> {
    const { asker, names } = this.#connection;
    await asker.store(names.attemptSubject(source, sequence), { data: JSON.stringify(record) });
  }

  /** Forgets what was tried with one message, or with all of a source. */
  async remove(source: DeadLetterSource, sequence: number | "*"): Promise<void> {
    const { jsm, names } = this.#connection;
    await jsm.streams.purge(names.attempts, { filter: names.attemptSubject(source, sequence) });
  }

  /** Those of a source, at most `max`. */
  async list(source: DeadLetterSource, max: number): Promise<readonly StoredAttempts[]> {
    const { jsm, names } = this.#connection;
    const filter = names.attemptSubject(source, "*");
    const { state } = await jsm.streams.info(names.attempts, { subjects_filter: filter });
    const sequences = Object.keys(state.subjects ?? {}).map((subject) =>
      Number(subject.slice(subject.lastIndexOf(".") + 1)),
    );
    const found = await mapBounded(sequences.slice(0, max), async (sequence) => {
      const record = await this.read(source, sequence);
      return record === undefined ? [] : [{ ...record, sequence }];
    });
    return found.flat();
  }
}
