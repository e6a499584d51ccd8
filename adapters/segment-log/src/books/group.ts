/**
 * One group of a topic: how far it is, and what of the rest it has finished already.
 *
 *     finished │ floor … finished out of order, in hand, waiting … │ cursor … not looked at yet … │ end of the topic
 */
import type { DeadLetterSource, GroupFacts } from "@cantle/messaging";
import type { Batch } from "../journal/batch.ts";
import { kinds } from "../journal/record.ts";
import { DoneSet } from "./done-set.ts";
import { type Placed, writeBare, writeGroup } from "./entries.ts";
import type { Ground } from "./ground.ts";
import { Source } from "./source.ts";
import type { Topic, TopicReader } from "./topic.ts";

/** How many messages are looked at in one go. */
const lookMax = 10_000;

/** What a group is told when it is made. */
export interface GroupStart {
  readonly number: number;
  readonly topic: Topic;
  readonly name: string;
  readonly floor: number;
}

/** A group. */
export class Group extends Source implements TopicReader {
  readonly topic: Topic;
  readonly name: string;
  readonly done = new DoneSet();
  #active = false;
  #floor: number;
  #cursor: number;

  constructor(ground: Ground, { number, topic, name, floor }: GroupStart) {
    super(ground, number);
    this.topic = topic;
    this.name = name;
    this.#floor = floor;
    this.#cursor = floor;
  }

  override get deadLetterSource(): DeadLetterSource {
    return { kind: "topic", name: this.topic.name, group: this.name };
  }

  /** False when it is forgotten; then only its dead letters are there. */
  get active(): boolean {
    return this.#active;
  }

  set active(active: boolean) {
    this.#active = active;
    if (active) this.topic.readers.add(this);
    else this.topic.readers.delete(this);
  }

  /** Writes down where it is. */
  write(batch: Batch, afresh = false): void {
    const { number, name, done, active } = this;
    writeGroup(batch, { number, topic: this.topic.number, name, floor: this.#floor, done, afresh, active });
  }

  /** Goes on at a number; what is in hand is lost to whoever has it, and what was tried counts for nothing. */
  async seek(floor: number): Promise<void> {
    this.hold();
    this.recall();
    this.ended.close();
    try {
      await this.ground.commits.note({
        encode: (batch) => {
          this.place(floor);
          this.attempts.clear();
          this.write(batch, true);
        },
        committed: () => {},
      });
      this.start();
    } finally {
      this.resume();
    }
  }

  /** Ends it; its dead letters stay. */
  async forget(): Promise<void> {
    this.close();
    this.ended.close();
    this.active = false;
    this.state.purge();
    this.attempts.clear();
    this.done.clear();
    const head = { kind: kinds.forgotten, source: this.number, ordinal: 0 };
    await this.ground.commits.note({ encode: (batch) => void writeBare(batch, head), committed: () => {} });
  }

  /** It is at a number now, with nothing finished after it. */
  place(floor: number): void {
    this.#floor = floor;
    this.done.clear();
  }

  /** Begins to give from where it is: after a start, after a seek. */
  override start(): void {
    this.state.purge();
    this.trimmed();
    this.#advance();
    this.#cursor = this.#floor;
    for (const serial of this.buried.serials(true)) this.addRedriven(serial);
  }

  /** The topic dropped its oldest messages. */
  trimmed(): void {
    const { first } = this.topic;
    while (this.#floor < first) {
      this.done.remove(this.#floor);
      this.attempts.forget(this.#floor);
      this.#floor += 1;
    }
    this.#cursor = Math.max(this.#cursor, this.#floor);
  }

  facts(): GroupFacts {
    const { clock } = this.ground;
    const oldest = this.topic.at(this.#floor);
    const redriven = this.buried.serials(true).length;
    return {
      group: this.name,
      lag: this.topic.end - this.#floor - this.done.count + redriven,
      inFlight: this.state.heldCount,
      oldestMs: oldest === undefined ? 0 : Math.max(0, clock.wallMs() - oldest.timeMs),
    };
  }

  protected override finished(number: number): void {
    if (number < this.#floor) return;
    this.done.add(number);
    this.#advance();
  }

  override replayFinished(number: number): void {
    if (number >= this.#floor) this.done.add(number);
  }

  override isOpen(number: number): boolean {
    return this.active && number >= this.#floor && !this.done.has(number) && this.topic.has(number);
  }

  protected override placeOf(number: number): Placed | undefined {
    return this.topic.at(number);
  }

  protected override fill(readyCount: number): void {
    let looked = 0;
    const { behindMax } = this.ground.limits;
    while (this.#cursor < this.topic.end && this.state.readyCount < readyCount && this.state.behindCount < behindMax) {
      const number = this.#cursor++;
      const entry = this.done.has(number) ? undefined : this.topic.at(number);
      if (entry !== undefined) this.addTried(number, { lane: entry.lane, rank: 1, dueMs: 0 });
      looked += 1;
      if (looked < lookMax) continue;
      this.ground.wake(this);
      return;
    }
  }

  #advance(): void {
    const { end } = this.topic;
    while (this.#floor < end && (this.done.remove(this.#floor) || !this.topic.has(this.#floor))) this.#floor += 1;
  }
}
