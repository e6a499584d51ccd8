/**
 * Group commit: what is written while a sync runs goes out together with the next one, whoever wrote it.
 *
 *     append ─┐                                        ┌─▶ written: those who wait are told
 *     append ─┼─▶ waiting ──▶ one batch ──▶ journal ───┼─▶ no room: appends are refused, notes wait and go first
 *     note   ─┘                                        └─▶ broken: everything is refused, for good
 *
 * 1. Appends are messages of publishers: without room they are refused. Notes are what the broker must not forget (acks, failures,
 *    groups): they wait for room, and the reserve is theirs.
 * 2. Notes are written in the order in which they were made, and before the appends of their batch.
 * 3. After a batch one turn of the event loop passes before the next: whoever was waiting can join it.
 */
import { CantleError, type Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Batch } from "./journal/batch.ts";
import type { Journal } from "./journal/journal.ts";
import type { Reserve } from "./journal/reserve.ts";

/** Something to be written. */
export interface Write {
  /** Writes its records. Notes may be asked again, when the batch was not written. */
  encode(batch: Batch): void;
  /** It is durable. */
  committed(batch: Batch): void;
}

/** Something that can be refused. */
export interface Append extends Write {
  /** Roughly how much it is. */
  readonly bytes: number;
  /** None of it is stored. */
  refused(): void;
}

/** What commits need. */
export interface CommitGround {
  readonly journal: Journal;
  readonly reserve: Reserve;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pendingBytesMax: number;
  /** Writes all names and positions, for the beginning of a segment. */
  readonly snapshot: (batch: Batch) => void;
}

/** How often it is tried again when there was no room, ms. */
const retryMs = 1_000;

interface Group<W> {
  readonly writes: W[];
  readonly done: PromiseWithResolvers<void>;
}

/** Writes what is to be written. */
export class Commits {
  readonly #ground: CommitGround;
  #appends = newGroup<Append>();
  #notes = newGroup<Write>();
  /** Appends that are being written now. */
  #running: Group<Append> | undefined;
  #pendingBytes = 0;
  /** Why appends are refused just now. */
  #refusal: CantleError | undefined;
  #isRunning = false;
  #isWaiting = false;
  #isRetrying = false;
  #isClosed = false;
  #rotateAtMs = 0;
  #idle: Promise<void> = Promise.resolve();

  constructor(ground: CommitGround) {
    this.#ground = ground;
  }

  /** Why an append would be refused now; undefined while all is well. */
  get refusal(): CantleError | undefined {
    return this.#ground.journal.broken ?? this.#refusal;
  }

  /** Writes messages. Resolves when they are durable; rejects with `BROKER_FULL` or `BROKER_UNAVAILABLE`, then they are not there. */
  append(append: Append): Promise<void> {
    const refusal = this.refusal ?? this.#overflow(append.bytes);
    if (refusal !== undefined) {
      append.refused();
      return Promise.reject(refusal);
    }
    this.#pendingBytes += append.bytes;
    this.#appends.writes.push(append);
    this.#start();
    return this.#appends.done.promise;
  }

  /** Writes what must not be forgotten. Resolves when it is durable; rejects only when nothing is written any more. */
  note(note: Write): Promise<void> {
    const refusal = this.#ground.journal.broken ?? (this.#isClosed ? closedError() : undefined);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#notes.writes.push(note);
    this.#start();
    return this.#notes.done.promise;
  }

  /** Resolves when all notes that wait are durable; for whoever adds to one of them. */
  noted(): Promise<void> {
    const { broken } = this.#ground.journal;
    return broken === undefined ? this.#notes.done.promise : Promise.reject(broken);
  }

  /** Resolves when all appends so far are durable; rejects when one was refused. */
  async appended(): Promise<void> {
    await Promise.all([
      this.#running?.done.promise,
      this.#appends.writes.length > 0 ? this.#appends.done.promise : undefined,
    ]);
  }

  /** Resolves when nothing is being written any more; what there was no room for is told so. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#isRunning) await this.#idle;
    this.#notes.done.reject(closedError());
  }

  #overflow(bytes: number): CantleError | undefined {
    const { pendingBytesMax } = this.#ground;
    if (this.#pendingBytes === 0 || this.#pendingBytes + bytes <= pendingBytesMax) return undefined;
    return new CantleError("BROKER_FULL", "more messages are on their way to the disk than it can take", {
      help: "publish at the pace of the acknowledgements",
      notes: `pendingBytesMax = ${pendingBytesMax}`,
    });
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#idle = this.#run();
  }

  async #run(): Promise<void> {
    await turn();
    while (this.#appends.writes.length > 0 || (this.#notes.writes.length > 0 && !this.#isWaiting)) {
      await this.#commit();
      await turn();
    }
    this.#isRunning = false;
  }

  /** Writes everything that waits. */
  async #commit(): Promise<void> {
    const [appends, notes] = [this.#appends, this.#notes];
    this.#appends = newGroup();
    this.#notes = newGroup();
    this.#running = appends;
    this.#pendingBytes = 0;
    try {
      await this.#rotate();
      await this.#write([...notes.writes, ...appends.writes]);
      this.#running = undefined;
      appends.done.resolve();
      notes.done.resolve();
    } catch (error) {
      this.#running = undefined;
      for (const append of appends.writes) append.refused();
      appends.done.reject(error);
      await this.#afterRefusal(notes, error as CantleError);
    }
  }

  async #write(writes: readonly Write[]): Promise<void> {
    const { journal } = this.#ground;
    const batch = journal.batch();
    try {
      for (const write of writes) write.encode(batch);
    } catch (error) {
      journal.abandon(batch);
      throw error;
    }
    await journal.write(batch);
    for (const write of writes) write.committed(batch);
  }

  /** Begins another segment when it is time. Where there is no room for one, the old one goes on. */
  async #rotate(): Promise<void> {
    const { journal, clock, snapshot, log } = this.#ground;
    if (!journal.isSegmentFull || clock.nowMs() < this.#rotateAtMs) return;
    try {
      await journal.rotate(snapshot);
    } catch (error) {
      if (journal.broken !== undefined) throw error;
      this.#rotateAtMs = clock.nowMs() + retryMs;
      log.warn("no new segment could be begun; the old one goes on", { error });
    }
  }

  /** Notes go to what the reserve was, or wait (1). */
  async #afterRefusal(notes: Group<Write>, error: CantleError): Promise<void> {
    const { journal, reserve, log } = this.#ground;
    if (journal.broken !== undefined) return this.#giveUp(notes, journal.broken);
    if (this.#refusal === undefined) log.warn("the broker takes no more messages just now", { error });
    this.#refusal = error;
    this.#retryLater();
    if (notes.writes.length === 0) return notes.done.resolve();
    try {
      await reserve.giveUp();
      await this.#write(notes.writes);
      notes.done.resolve();
    } catch {
      if (journal.broken !== undefined) return this.#giveUp(notes, journal.broken);
      this.#putBack(notes);
    }
  }

  /** Notes that could not be written come before those that were made meanwhile (2). */
  #putBack(notes: Group<Write>): void {
    this.#isWaiting = true;
    const later = this.#notes;
    this.#notes = { writes: [...notes.writes, ...later.writes], done: later.done };
    later.done.promise.then(notes.done.resolve, notes.done.reject);
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#ground.clock.after(retryMs, () => {
      this.#isRetrying = false;
      void this.#retry();
    });
  }

  /** Goes on when there is room for the reserve again, and so for more than that. */
  async #retry(): Promise<void> {
    const { journal, reserve, log } = this.#ground;
    if (this.#refusal === undefined || journal.broken !== undefined) return;
    try {
      await reserve.make();
    } catch {
      return this.#retryLater();
    }
    this.#refusal = undefined;
    this.#isWaiting = false;
    log.info("the broker takes messages again");
    if (this.#notes.writes.length > 0) this.#start();
  }

  #giveUp(notes: Group<Write>, broken: CantleError): void {
    this.#ground.log.error("the broker stopped: its disk failed", { error: broken });
    notes.done.reject(broken);
    for (const append of this.#appends.writes) append.refused();
    this.#appends.done.reject(broken);
    this.#notes.done.reject(broken);
    this.#appends = newGroup();
    this.#notes = newGroup();
  }
}

function newGroup<W>(): Group<W> {
  const group: Group<W> = { writes: [], done: Promise.withResolvers() };
  // Many notes are waited for by nobody.
  group.done.promise.catch(() => {});
  return group;
}

function closedError(): CantleError {
  return new CantleError("BROKER_UNAVAILABLE", "the broker was closed before it could write this");
}

/** A turn of the event loop: whatever was resolved has run by then. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
