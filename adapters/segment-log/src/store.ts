/**
 * An open broker: its journal, its books, and what goes on between them. This is where the start and the end are; publishing is in
 * `publish.ts`, taking and ending deliveries in `books/source.ts`.
 */
import { join } from "node:path";
import type { Message } from "@cantle/contract";
import { CantleError, type Clock, isCantleError, type Timer } from "@cantle/core";
import { type BrokerOptions, messageBytesDefault } from "@cantle/messaging";
import { Books } from "./books/books.ts";
import type { ChannelBooks } from "./books/channel.ts";
import type { Giver } from "./books/given.ts";
import type { Ground } from "./books/ground.ts";
import { Replay } from "./books/replay.ts";
import { clean } from "./cleaning.ts";
import { Commits } from "./commits.ts";
import { Dispatch } from "./dispatch.ts";
import { Hands, type InHand } from "./hands.ts";
import type { Batch } from "./journal/batch.ts";
import { failureOf, refusalOf } from "./journal/failure.ts";
import type { Files } from "./journal/files.ts";
import type { Journal } from "./journal/journal.ts";
import type { FolderLock } from "./journal/lock.ts";
import { openJournal } from "./journal/open-journal.ts";
import { Reserve } from "./journal/reserve.ts";
import { countLeft } from "./left-in-hand.ts";
import type { SegmentLogLimits } from "./limits.ts";
import { publish } from "./publish.ts";
import { RecentIds } from "./recent-ids.ts";
import { retain } from "./retention.ts";
import type { Location } from "./url.ts";

/** How often old segments are looked at. */
const cleanMs = 5_000;
/** How long the mark may be unsynced. */
const markMs = 1_000;

/** How a store is opened. */
export interface OpenStoreOptions extends BrokerOptions, Location {
  readonly files: Files;
  readonly limits: SegmentLogLimits;
}

/** A ground that is being laid. */
type Laying = { -readonly [Member in keyof Ground]: Ground[Member] };

/** An open broker. */
export class Store {
  readonly books: Books;
  readonly messageBytesMax: number;
  readonly #options: OpenStoreOptions;
  readonly #lock: FolderLock;
  readonly #ids: RecentIds;
  readonly #ground: Laying;
  readonly #timers = new Set<Timer>();
  #dispatch: Dispatch | undefined;
  #damaged: CantleError | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: OpenStoreOptions, lock: FolderLock) {
    const { clock, log, limits } = options;
    this.#options = options;
    this.#lock = lock;
    this.messageBytesMax = options.messageBytesMax ?? messageBytesDefault;
    this.#ids = new RecentIds({ windowMs: limits.dedupWindowMs, idsMax: limits.dedupIdsMax, nowMs: clock.nowMs() });
    this.#ground = {
      clock,
      log,
      limits,
      tally: { messages: 0 },
      live: (address: number, bytes: number) => this.#ground.journal?.live(address, bytes),
      damaged: (error: CantleError) => this.#noteDamage(error),
      wake: (source: Giver) => this.#dispatch?.wake(source),
    } as Laying;
    this.books = new Books(this.#ground);
  }

  /** Opens a folder. Throws `ALREADY_RUNNING`, `DATA_DAMAGED`, `DATA_NEWER`, `FOLDER_UNUSABLE`. */
  static async open(options: OpenStoreOptions): Promise<Store> {
    await makeFolder(options);
    try {
      return await Store.#attempt(options);
    } catch (error) {
      if (isCantleError(error)) throw error;
      const failure = failureOf(error);
      if (failure !== "room") throw refusalOf(failure, error);
    }
    // What was being written when it ended is written again at the start: that may need what was set aside.
    await options.files.remove(reservePath(options));
    return Store.#attempt(options).catch((error: unknown) => {
      throw isCantleError(error) ? error : refusalOf(failureOf(error), error);
    });
  }

  static async #attempt(options: OpenStoreOptions): Promise<Store> {
    const store = new Store(options, options.files.lock(options.folder));
    try {
      await store.#begin();
      return store;
    } catch (error) {
      await store.#end();
      throw error;
    }
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get journal(): Journal {
    return this.#ground.journal;
  }

  /** Throws `BROKER_UNAVAILABLE` when it is closed, or its disk failed. */
  checkOpen(): void {
    if (this.#closing !== undefined) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closed");
    if (this.journal.broken !== undefined) throw this.journal.broken;
  }

  /** Throws what is wrong with it. */
  check(): void {
    this.checkOpen();
    const refusal = this.#ground.commits.refusal ?? this.#damaged;
    if (refusal !== undefined) throw refusal;
  }

  /** Stores messages; those whose id is known are stored already. */
  publish(messages: readonly Message[], channelOf: () => ChannelBooks): Promise<void> {
    return publish(
      { ground: this.#ground, ids: this.#ids, messageBytesMax: this.messageBytesMax },
      messages,
      channelOf,
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #begin(): Promise<void> {
    const { files, folder, clock, random, log, repair, limits } = this.#options;
    const replay = new Replay(this.books, this.#ids);
    const { segmentBytes, recentBytesMax } = limits;
    const journal = await openJournal({
      ...{ files, folder, clock, random, log, repair, segmentBytes, recentBytesMax },
      onMark: (sequence) => replay.expect(sequence),
      onRecord: (record, at, address) => replay.take(record, at, address),
    });
    this.#ground.journal = journal;
    replay.settle();
    retain(this.books);
    for (const { address, size } of this.books.places()) journal.live(address, size);
    let uncounted: readonly InHand[] = [];
    const inHand = () => [...this.books.sources.values()].flatMap((source) => [...source.inHand()]);
    const all = () => [...uncounted, ...inHand()];
    const { hands, left } = await Hands.open({
      ...{ files, folder, clock, log, all },
      fileBytes: limits.handsBytes,
      sequence: () => journal.nextSequence,
    });
    this.#ground.hands = hands;
    await this.#prepareToWrite(journal);
    uncounted = left;
    const counted = await countLeft(this.books, clock, left);
    hands.begin();
    // On a full disk that may take a while, and until then it would have to be counted again.
    Promise.all(counted).then(
      () => {
        uncounted = [];
      },
      () => {},
    );
    this.#dispatch = new Dispatch(hands, log);
    for (const source of this.books.sources.values()) source.start();
    this.#every(cleanMs, () => this.#tidy());
    this.#every(markMs, () => journal.syncMark());
  }

  async #prepareToWrite(journal: Journal): Promise<void> {
    const { files, clock, log, limits } = this.#options;
    const reserve = new Reserve(files, reservePath(this.#options), limits.reserveBytes);
    const snapshot = (batch: Batch) => this.books.snapshot(batch);
    const { pendingBytesMax } = limits;
    this.#ground.commits = new Commits({ journal, reserve, clock, log, pendingBytesMax, snapshot });
    try {
      await reserve.make();
      // Only a segment that begins with a snapshot lets go of those before it.
      if (journal.segments.at(-1)?.snapshot === false) await journal.rotate(snapshot);
    } catch (error) {
      log.warn("the broker begins without a reserve: its disk is full", { error });
    }
  }

  #tidy(): Promise<void> {
    const { commits, journal, log } = this.#ground;
    const { files, limits } = this.#options;
    const before = this.#cleaning.catch(() => {});
    this.#cleaning = before.then(async () => {
      if (this.#closing !== undefined || journal.broken !== undefined || this.#damaged !== undefined) return;
      retain(this.books);
      await clean({ books: this.books, journal, commits, files, log, segmentBytes: limits.segmentBytes });
    });
    return this.#cleaning;
  }

  /** Does something again and again, until the end; what it throws is logged. */
  #every(ms: number, task: () => Promise<void>): void {
    const { clock, log } = this.#ground;
    const timer = clock.after(ms, () => {
      this.#timers.delete(timer);
      task()
        .catch((error: unknown) => {
          if (isCantleError(error) && error.code === "DATA_DAMAGED") this.#noteDamage(error);
          else log.warn("the broker could not tidy up", { error });
        })
        .finally(() => {
          if (this.#closing === undefined) this.#every(ms, task);
        });
    });
    this.#timers.add(timer);
  }

  /** Said by `check` from now on. */
  #noteDamage(error: CantleError): void {
    this.#ground.log.error("something stored was damaged since the start", { error });
    this.#damaged ??= error;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#dispatch?.close();
    for (const source of this.books.sources.values()) source.close();
    await this.#ground.commits.close();
    await this.#cleaning.catch(() => undefined);
    await this.#end();
  }

  async #end(): Promise<void> {
    const { journal, hands } = this.#ground as Partial<Laying>;
    await hands?.close();
    await journal?.close();
    this.#lock.release();
  }
}

function reservePath({ folder }: OpenStoreOptions): string {
  return join(folder, "reserve");
}

async function makeFolder({ files, folder }: OpenStoreOptions): Promise<void> {
  try {
    await files.makeFolder(folder);
  } catch (cause) {
    throw new CantleError("FOLDER_UNUSABLE", "the folder of the broker cannot be made", { place: folder, cause });
  }
}
