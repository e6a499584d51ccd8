/** One queue: its messages, and whoever works. A queue is a channel and a source; this is the source. */
import type { DeadLetterSource, QueueFacts, StoredMessage } from "@cantle/messaging";
import { redrivenFrom } from "./buried.ts";
import { ChannelBooks, type ChannelStart } from "./channel.ts";
import { bodyAt, type Placed } from "./entries.ts";
import type { Ground } from "./ground.ts";
import type { MessageIndex } from "./message-index.ts";
import { type PlacedMessage, readMessage } from "./message-record.ts";
import { Source } from "./source.ts";

/** A queue. */
export class WorkQueue extends ChannelBooks {
  readonly kind = "queue";
  readonly work: Work;

  constructor(ground: Ground, start: ChannelStart) {
    super(ground, start);
    this.work = new Work(ground, this);
  }

  override admit(number: number, placed: PlacedMessage, timeMs: number): void {
    this.replay(number, placed, timeMs);
    this.work.begin(number);
    this.ground.wake(this.work);
  }

  override replay(number: number, { address, size, rank, notBeforeMs }: PlacedMessage, timeMs: number): void {
    const before = this.index.at(number);
    if (before !== undefined) this.ground.live(before.address, -before.size);
    this.ground.live(address, size);
    this.index.put(number, { address, size, rank, lane: notBeforeMs, timeMs: before?.timeMs ?? timeMs });
    this.reach(number + 1);
  }

  /** Looks at the oldest. */
  async peek(max: number): Promise<StoredMessage[]> {
    const numbers = this.index.numbers().take(max).toArray();
    const seen: StoredMessage[] = [];
    for (const number of numbers) {
      const entry = this.index.at(number);
      if (entry === undefined) continue;
      const record = await this.ground.journal.reader.read(entry.address, entry.size);
      seen.push(readMessage(bodyAt(record, record.at, entry.size), String(number)));
    }
    return seen;
  }
}

/** The work of a queue: who has what. */
class Work extends Source {
  readonly #queue: WorkQueue;
  readonly #index: MessageIndex;

  constructor(ground: Ground, queue: WorkQueue) {
    super(ground, queue.number);
    this.#queue = queue;
    this.#index = queue.index;
  }

  override get deadLetterSource(): DeadLetterSource {
    return { kind: "queue", name: this.#queue.name };
  }

  /** A message may be given from now on, or from its moment. */
  begin(number: number): void {
    const entry = this.#index.at(number);
    if (entry !== undefined) this.addTried(number, { lane: 0, rank: entry.rank, dueMs: entry.lane });
  }

  override start(): void {
    for (const number of this.#index.numbers()) this.begin(number);
    for (const serial of this.buried.serials(true)) this.addRedriven(serial);
  }

  /** Removes everything that is in nobody's hands; answers with how many. */
  async purge(): Promise<number> {
    const gone = this.state.purge();
    for (const number of gone) {
      this.attempts.forget(number);
      if (number >= redrivenFrom) this.buried.remove(number - redrivenFrom);
      else this.finished(number);
    }
    if (gone.length > 0) await this.ended.add(gone);
    return gone.length;
  }

  facts(): QueueFacts {
    const { first } = this.#index;
    const oldest = first === undefined ? undefined : this.#index.at(first);
    return {
      queue: this.#queue.name,
      waiting: this.state.waitingCount,
      delayed: this.state.delayedCount,
      inFlight: this.state.heldCount,
      oldestMs: oldest === undefined ? 0 : Math.max(0, this.ground.clock.wallMs() - oldest.timeMs),
    };
  }

  override replayFinished(number: number): void {
    this.finished(number);
  }

  override isOpen(number: number): boolean {
    return this.#index.has(number);
  }

  protected override finished(number: number): void {
    const entry = this.#index.remove(number);
    if (entry !== undefined) this.ground.live(entry.address, -entry.size);
  }

  protected override placeOf(number: number): Placed | undefined {
    return this.#index.at(number);
  }

  /** Everything is in the state from the beginning. */
  protected override fill(): void {}
}
