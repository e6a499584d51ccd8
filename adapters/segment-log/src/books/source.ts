/**
 * Whatever gives deliveries: one group of a topic, or one queue. It gives what its state says to whoever's turn it is, and writes
 * down how each delivery ends.
 *
 * 1. A delivery is ended in the state first, at once, so that nothing is ended twice; its promise resolves when the journal has it.
 * 2. Nothing is given before `Hands` knows of it.
 * 3. What has to be read from the disk holds up only its own source, which goes on in its order when that is there.
 */

import { CantleError } from "@cantle/core";
import {
  type AttemptFailure,
  type ConsumeOptions,
  type Consumption,
  type DeadLetterSource,
  DeliveryState,
  type Held,
} from "@cantle/messaging";
import type { InHand } from "../hands.ts";
import type { Found } from "../journal/reader.ts";
import { Alarm } from "./alarm.ts";
import { Attempts } from "./attempts.ts";
import { Buried, redrivenFrom } from "./buried.ts";
import { EndedNotes } from "./ended-notes.ts";
import type { Placed } from "./entries.ts";
import { goneFailure, withFailure } from "./failures.ts";
import { Given, type Giver } from "./given.ts";
import type { Ground } from "./ground.ts";
import { storedBody, storedMessage } from "./stored-body.ts";
import { type Taker, Takers } from "./takers.ts";

/** How long a message that cannot be read is left alone. */
const unreadableMs = 1_000;

/** One group, or one queue. */
export abstract class Source implements Giver {
  readonly number: number;
  readonly attempts: Attempts;
  readonly buried: Buried;
  /** The sequence of the record since which everything begins afresh; 0 when it never did. */
  afreshSequence = 0;
  protected readonly ground: Ground;
  protected readonly state = new DeliveryState();
  readonly #takers = new Takers();
  readonly #given = new Map<number, Given>();
  /** What is handled. */
  protected readonly ended: EndedNotes;
  /** When something comes due, or a lease is over. */
  protected readonly alarm: Alarm;
  /** Gives nothing for now: something is read, or the group is sent elsewhere. */
  #holds = 0;

  constructor(ground: Ground, number: number) {
    this.ground = ground;
    this.number = number;
    this.attempts = new Attempts(ground, number);
    this.buried = new Buried(ground, number);
    this.ended = new EndedNotes(() => ground.commits, number);
    this.alarm = new Alarm(ground.clock, () => this.#tick());
  }

  /** What its dead letters are dead letters of. */
  abstract get deadLetterSource(): DeadLetterSource;
  /** Where a message of its channel is. */
  protected abstract placeOf(number: number): Placed | undefined;
  /** A message of its channel is finished. */
  protected abstract finished(number: number): void;
  /** The same, as a record says it that is read at the start: then not everything is there yet. */
  abstract replayFinished(number: number): void;
  /** True while a message of its channel is there and not finished. */
  abstract isOpen(number: number): boolean;
  /** Begins to give, from what is known. */
  abstract start(): void;
  /** Adds to the state until so many are ready. */
  protected abstract fill(readyCount: number): void;

  // Taking

  /** Adds a consumer. */
  consume(options: ConsumeOptions): Consumption {
    const taker = this.#takers.add(options);
    this.ground.wake(this);
    return {
      pause: async () => {
        taker.takes = false;
      },
      stop: async () => this.#stop(taker),
    };
  }

  /** Everything in hand, for `Hands`. */
  *inHand(): IterableIterator<InHand> {
    for (const given of this.#given.values()) yield given.row();
  }

  /** Takes what can be given now, at most so many; it is given once `Hands` knows of it (2). Answers whether there may be more. */
  collect(given: Given[], max: number): boolean {
    const room = this.#takers.roomCount;
    if (room === 0 || this.#holds > 0) return false;
    this.fill(Math.min(room, max));
    const nowMs = this.ground.clock.nowMs();
    while (given.length < max) {
      const taker = this.state.readyCount > 0 ? this.#takers.next() : undefined;
      if (taker === undefined) return false;
      const held = this.state.take(nowMs + taker.leaseMs);
      if (held === undefined) return false;
      if (!this.#take(held, taker, given)) return false;
    }
    return true;
  }

  /** False when it has to be read from the disk first (3). */
  #take(held: Held, taker: Taker, given: Given[]): boolean {
    const place = this.#placeOf(held.sequence);
    if (place === undefined) {
      // Past retention.
      this.state.finish(held);
      this.ground.wake(this);
      this.#forget(held.sequence);
      return true;
    }
    const triedPlace = this.attempts.placeOf(held.sequence);
    try {
      const record = this.#peek(place);
      const tried = triedPlace && this.#peek(triedPlace);
      if (record !== undefined && (triedPlace === undefined || tried !== undefined)) {
        this.#give({ held, taker, record, place, tried }, given);
        return true;
      }
      this.#load(held, [place, triedPlace]);
    } catch (error) {
      this.#setAside(held, error);
      return true;
    }
    return false;
  }

  #give({ held, taker, record, place, tried }: Taken, given: Given[]): void {
    const message = storedMessage({ number: held.sequence, record, size: place.size });
    const failures = held.attempt === 1 ? [] : this.attempts.failures(held.sequence, tried);
    const one = new Given({ source: this, taker, held, message, failures });
    taker.inHandCount += 1;
    this.#given.set(held.sequence, one);
    this.alarm.set(held.leaseEndMs);
    given.push(one);
  }

  #peek({ address, size }: Placed): Found | undefined {
    return this.ground.journal.reader.peek(address, size);
  }

  /** Back in its place, it is the next one again when what it needs is there. */
  #load(held: Held, places: readonly (Placed | undefined)[]): void {
    const { reader } = this.ground.journal;
    this.hold();
    this.state.giveBack(held);
    Promise.all(places.map((place) => place && reader.load(place.address, place.size))).then(
      () => this.resume(),
      (error: unknown) => {
        this.ground.log.error("a message cannot be read now", { ...this.deadLetterSource, error });
        this.ground.clock.after(unreadableMs, () => this.resume());
      },
    );
  }

  /** What is damaged since the start is nobody's from now on, and waits for the repair; the others go on. */
  #setAside(held: Held, error: unknown): void {
    this.state.extend(held, Number.POSITIVE_INFINITY);
    this.ground.damaged(error as CantleError);
  }

  // Ending

  ack(given: Given): Promise<void> {
    if (!this.#drop(given)) return lost();
    this.state.finish(given.held);
    this.#forget(given.number);
    return this.ended.add([given.number]);
  }

  nack(given: Given, delayMs: number, failure: AttemptFailure): Promise<void> {
    if (!this.#drop(given)) return lost();
    const { clock } = this.ground;
    const waitMs = Math.max(0, delayMs);
    this.state.retry(given.held, clock.nowMs() + waitMs, Attempts.failure);
    this.alarm.set(this.state.dueAtMs);
    return this.#noteFailure(given, failure, clock.wallMs() + waitMs);
  }

  async bury(given: Given, failure: AttemptFailure): Promise<void> {
    if (!this.#drop(given)) return lost();
    const { held, number, attempt, failures } = given;
    // Nobody else gets it while it is read, and its key waits.
    this.state.extend(held, Number.POSITIVE_INFINITY);
    const place = this.#placeOf(number);
    try {
      const record = place && (await this.ground.journal.reader.read(place.address, place.size));
      this.state.finish(held);
      if (record === undefined || place === undefined) return;
      const body = storedBody({ number, record, size: place.size });
      this.#forget(number);
      const original = Number(given.message.position);
      const entry = { number: original, body, attempts: attempt, failures: withFailure(failures, failure) };
      await this.buried.noteBurial(entry, number === original ? undefined : number);
    } catch (error) {
      if (this.state.giveBack(held)) this.ground.wake(this);
      throw error;
    }
  }

  release(given: Given): Promise<void> {
    if (!this.#drop(given)) return lost();
    this.state.giveBack(given.held);
    this.ground.hands.note([given.row(0)]);
    return Promise.resolve();
  }

  extend(given: Given): Promise<void> {
    const untilMs = this.ground.clock.nowMs() + given.taker.leaseMs;
    if (this.#given.get(given.number) !== given || !this.state.extend(given.held, untilMs)) return lost();
    this.ground.hands.note([given.row()]);
    return Promise.resolve();
  }

  /** Takes everything back: whoever has it has lost it, uncounted. */
  recall(): void {
    const all = [...this.#given.values()];
    this.ground.hands.note(all.map((given) => given.row(0)));
    for (const given of all) if (this.#drop(given)) this.state.giveBack(given.held);
  }

  /** Ends everything: consumers, timers, what is in hand. */
  close(): void {
    this.#takers.removeAll();
    this.recall();
    this.alarm.cancel();
  }

  // Dead letters

  /** Delivers a dead letter again; false when it is not there. */
  redrive(serial: number): Promise<boolean> {
    return this.buried.noteRedriven(serial, () => {
      this.addRedriven(serial);
      this.ground.wake(this);
    });
  }

  /** By the way of what comes due, so that it takes turns with a long backlog. */
  protected addRedriven(serial: number): void {
    const letter = this.buried.at(serial);
    if (letter === undefined) return;
    this.addTried(redrivenFrom + serial, { lane: letter.lane, dueMs: 0, rank: 1, always: true });
  }

  // What records say that are read at the start

  replayEnded(number: number): void {
    this.attempts.forget(number);
    if (number >= redrivenFrom) this.buried.remove(number - redrivenFrom);
    else this.replayFinished(number);
  }

  /** True while a message can still be delivered. */
  has(number: number): boolean {
    return number >= redrivenFrom ? this.buried.at(number - redrivenFrom)?.redriven === true : this.isOpen(number);
  }

  /** The failures of a message that is in nobody's hands. */
  async failuresOf(number: number): Promise<readonly AttemptFailure[]> {
    const place = this.attempts.placeOf(number);
    const record = place && (await this.ground.journal.reader.read(place.address, place.size));
    return this.attempts.failures(number, record);
  }

  // For groups and queues

  /** Adds a message to the state as it stands: tried before or not, due now or later. */
  protected addTried(
    number: number,
    { lane, rank, dueMs, always = false }: { lane: number; rank: 0 | 1 | 2; dueMs: number; always?: boolean },
  ): void {
    const { clock } = this.ground;
    const waitMs = Math.max(dueMs, this.attempts.dueMs(number)) - clock.wallMs();
    const tried = this.attempts.tried(number);
    const notBeforeMs = waitMs > 0 || always ? clock.nowMs() + Math.max(0, waitMs) : undefined;
    this.state.add(number, { lane, rank, tried, notBeforeMs });
    if (notBeforeMs !== undefined) this.alarm.set(notBeforeMs);
  }

  /** Gives nothing until `resume`. */
  protected hold(): void {
    this.#holds += 1;
  }

  protected resume(): void {
    this.#holds -= 1;
    this.ground.wake(this);
  }

  #tick(): void {
    const { clock } = this.ground;
    this.state.awaken(clock.nowMs());
    const failure = goneFailure(clock.wallMs());
    for (const held of this.state.expire(clock.nowMs(), Attempts.failure)) {
      const given = this.#given.get(held.sequence);
      if (given === undefined || given.held !== held) continue;
      this.#drop(given);
      this.#noteFailure(given, failure, 0).catch(() => {});
    }
    this.alarm.set(Math.min(this.state.dueAtMs, this.state.leaseOverAtMs()));
    this.ground.wake(this);
  }

  #noteFailure(given: Given, failure: AttemptFailure, dueMs: number): Promise<void> {
    const failures = withFailure(given.failures, failure);
    return this.attempts.note(given.number, { attempts: given.attempt, dueMs, failures });
  }

  /** A message is finished, whatever became of it. */
  #forget(number: number): void {
    this.attempts.forget(number);
    if (number >= redrivenFrom) this.buried.remove(number - redrivenFrom);
    else this.finished(number);
  }

  /** Takes a delivery out of its hands; false when it was lost before. */
  #drop(given: Given): boolean {
    if (this.#given.get(given.number) !== given) return false;
    this.#given.delete(given.number);
    given.taker.inHandCount -= 1;
    this.ground.wake(this);
    return true;
  }

  #stop(taker: Taker): void {
    if (!this.#takers.remove(taker)) return;
    const all = [...this.#given.values()].filter((given) => given.taker === taker);
    this.ground.hands.note(all.map((given) => given.row(0)));
    for (const given of all) if (this.#drop(given)) this.state.giveBack(given.held);
  }

  #placeOf(number: number): Placed | undefined {
    return number >= redrivenFrom ? this.buried.at(number - redrivenFrom) : this.placeOf(number);
  }
}

interface Taken {
  readonly held: Held;
  readonly taker: Taker;
  readonly record: Found;
  readonly place: Placed;
  readonly tried: Found | undefined;
}

function lost(): Promise<never> {
  return Promise.reject(new CantleError("DELIVERY_LOST", "the lease of this delivery was over"));
}
