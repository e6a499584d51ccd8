/**
 * What was tried with the messages of one source: how often, when each is due again, and where its failures are stored. In memory
 * are only those that failed at least once and are not finished.
 */
import type { AttemptFailure, Tried } from "@cantle/messaging";
import type { Batch } from "../journal/batch.ts";
import type { Found } from "../journal/reader.ts";
import {
  bodyAt,
  type Copied,
  type Placed,
  readTriedFailures,
  type TriedEntry,
  writeAgain,
  writeTried,
} from "./entries.ts";
import type { Ground } from "./ground.ts";

/** What the state of a source is given in the place of failures: those are on disk. */
const elsewhere: AttemptFailure = Object.freeze({ code: "INTERNAL", message: "stored", at: "" });

/** What was tried with one message. */
interface Attempt {
  readonly attempts: number;
  /** Not before, wall time. */
  readonly dueMs: number;
  /** Where the failures are; undefined while that is being written. */
  placed: Placed | undefined;
  /** The failures themselves, until they are written. */
  failures: readonly AttemptFailure[] | undefined;
}

/** The attempts of one source. */
export class Attempts {
  readonly #ground: Ground;
  readonly #source: number;
  readonly #all = new Map<number, Attempt>();

  constructor(ground: Ground, source: number) {
    this.#ground = ground;
    this.#source = source;
  }

  /** The failure to hand to the state of a source. */
  static readonly failure = elsewhere;

  /** How often a message was tried, for the state; undefined for one that was not. */
  tried(number: number): Tried | undefined {
    const attempt = this.#all.get(number);
    return attempt === undefined ? undefined : { attempts: attempt.attempts, failures: [] };
  }

  /** When a message is due again, wall time; 0 for at once. */
  dueMs(number: number): number {
    return this.#all.get(number)?.dueMs ?? 0;
  }

  /** Where the failures of a delivery are stored; undefined when they are in memory, or there are none. */
  placeOf(number: number): Placed | undefined {
    return this.#all.get(number)?.placed;
  }

  /** The failures of a delivery, with the record at their place. */
  failures(number: number, record: Found | undefined): readonly AttemptFailure[] {
    const attempt = this.#all.get(number);
    if (attempt?.failures !== undefined) return attempt.failures;
    if (attempt?.placed === undefined || record === undefined) return [];
    return readTriedFailures(bodyAt(record, record.at, attempt.placed.size));
  }

  /** Writes down another attempt. */
  note(number: number, entry: TriedEntry): Promise<void> {
    const { attempts, dueMs, failures } = entry;
    const attempt: Attempt = { attempts, dueMs, placed: undefined, failures };
    const before = this.#all.get(number);
    this.#all.set(number, attempt);
    let placed: Placed;
    return this.#ground.commits.note({
      encode: (batch) => {
        placed = writeTried(batch, { source: this.#source, ordinal: number }, entry);
      },
      committed: () => {
        this.#release(before);
        if (this.#all.get(number) !== attempt) return;
        this.#place(attempt, placed);
      },
    });
  }

  /** It is finished: nothing of it is needed. */
  forget(number: number): void {
    const attempt = this.#all.get(number);
    if (attempt === undefined) return;
    this.#all.delete(number);
    this.#release(attempt);
  }

  clear(): void {
    for (const number of [...this.#all.keys()]) this.forget(number);
  }

  /** What a record says that is read at the start. */
  replay(number: number, { attempts, dueMs }: { attempts: number; dueMs: number }, placed: Placed): void {
    this.forget(number);
    const attempt: Attempt = { attempts, dueMs, placed: undefined, failures: undefined };
    this.#all.set(number, attempt);
    this.#place(attempt, placed);
  }

  /** Appends the record at an address again, if it is still needed; answers with what to do when that is durable. */
  copy(batch: Batch, number: number, copied: Copied): (() => void) | undefined {
    const attempt = this.#all.get(number);
    if (attempt?.placed?.address !== copied.address) return undefined;
    const placed = writeAgain(batch, copied);
    return () => {
      if (this.#all.get(number) !== attempt) return;
      this.#release(attempt);
      this.#place(attempt, placed);
    };
  }

  /** Where all of it is. */
  *places(): IterableIterator<Placed> {
    for (const { placed } of this.#all.values()) if (placed !== undefined) yield placed;
  }

  /** Forgets those that `isNeeded` does not want. */
  keep(isNeeded: (number: number) => boolean): void {
    for (const number of [...this.#all.keys()]) if (!isNeeded(number)) this.forget(number);
  }

  #place(attempt: Attempt, placed: Placed): void {
    attempt.placed = placed;
    attempt.failures = undefined;
    this.#ground.live(placed.address, placed.size);
  }

  #release(attempt: Attempt | undefined): void {
    if (attempt?.placed === undefined) return;
    this.#ground.live(attempt.placed.address, -attempt.placed.size);
    attempt.placed = undefined;
  }
}
