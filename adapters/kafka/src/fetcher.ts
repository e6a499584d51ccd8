/**
 * Fetches the partitions that a member has, from the brokers that lead them, for as long as there is room for more. One loop for
 * each of these brokers; when one of them fails, all begin anew with what the cluster says of its leaders then.
 */
import { delay } from "@cantle/core";
import { Consumer } from "@platformatic/kafka";
import type { Connection } from "./connection.ts";
import { isProtocolError } from "./errors.ts";
import type { Place } from "./membership.ts";
import { type Cursor, type FoundRecord, fetchRecords } from "./records.ts";

const waitMs = 500;
const pauseMs = 250;
const bytesMax = 4 * 1024 * 1024;

/** What a fetcher is told. */
export interface FetcherOptions {
  readonly groupId: string;
  /** Where to read on in a partition; undefined while there is no room, or when it is not ours (any more). */
  readonly nextOf: (place: Place) => bigint | undefined;
  readonly onRecord: (record: FoundRecord) => void;
  /** Everything before this was read. */
  readonly onRead: (to: Cursor) => void;
  /** The broker has nothing at the offset that was asked for: it is past retention. */
  readonly onOutOfRange: (places: readonly Place[]) => Promise<void>;
}

/** Fetches for one group. */
export class Fetcher {
  readonly #connection: Connection;
  readonly #options: FetcherOptions;
  readonly #client: Consumer;
  /** Counts the beginnings; a loop of an older one ends. */
  #run = 0;
  #wakes = new Set<() => void>();
  #isClosed = false;

  constructor(connection: Connection, options: FetcherOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#client = new Consumer({ ...connection.clientOptions, groupId: options.groupId, autocommit: false });
    this.#client.on("error", () => {});
  }

  /** Fetches these partitions from now on, and no others. */
  async begin(places: readonly Place[]): Promise<void> {
    this.#run += 1;
    const run = this.#run;
    this.wake();
    const topics = [...new Set(places.map(({ topic }) => topic))];
    this.#client.topics.trackAll(...topics);
    if (topics.length === 0) return;
    const metadata = await this.#client.metadata({ topics, forceUpdate: true });
    const byLeader = Map.groupBy(
      places,
      ({ topic, partition }) => metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1,
    );
    const idOf = (topic: string) => metadata.topics.get(topic)?.id ?? topic;
    for (const [node, led] of byLeader) void this.#loop({ run, node, led, idOf, places });
  }

  /** There may be room again. */
  wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#run += 1;
    this.wake();
    await this.#client.close(true);
  }

  async #loop(loop: Loop): Promise<void> {
    while (loop.run === this.#run) {
      const cursors = loop.led.flatMap((place) => {
        const offset = this.#options.nextOf(place);
        return offset === undefined ? [] : [{ ...place, offset }];
      });
      if (cursors.length === 0) await new Promise<void>((resolve) => this.#wakes.add(resolve));
      else if (!(await this.#fetch(loop, cursors))) return this.#beginAgain(loop);
    }
  }

  /** False when the loops have to begin anew. */
  async #fetch({ run, node, idOf }: Loop, cursors: readonly Cursor[]): Promise<boolean> {
    try {
      const { records, next } = await fetchRecords(this.#client, { node, cursors, idOf, waitMs, bytesMax });
      if (run !== this.#run) return true;
      for (const record of records) this.#options.onRecord(record);
      for (const cursor of next) this.#options.onRead(cursor);
      return true;
    } catch (error) {
      if (run !== this.#run) return true;
      this.#connection.log.debug("a topic cannot be read just now", { groupId: this.#options.groupId, error });
      if (isProtocolError(error, ["OFFSET_OUT_OF_RANGE"])) await this.#options.onOutOfRange(cursors).catch(() => {});
      return false;
    }
  }

  async #beginAgain({ run, places }: Loop): Promise<void> {
    while (run === this.#run && !this.#isClosed) {
      await delay(this.#connection.clock, pauseMs);
      if (run !== this.#run || this.#isClosed) return;
      try {
        await this.begin(places);
      } catch {
        // The next turn tries again; `begin` has counted, so it is this one that goes on.
        if (!this.#isClosed) run = this.#run;
      }
    }
  }
}

/** One loop. */
interface Loop {
  readonly run: number;
  readonly node: number;
  readonly led: readonly Place[];
  readonly idOf: (topic: string) => string;
  readonly places: readonly Place[];
}
