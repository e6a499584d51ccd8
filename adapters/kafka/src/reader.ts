/** Reading topics without a group: offsets, and records from a place on. One at a time: a client has one session with each broker. */
import type { StartAt } from "@cantle/messaging";
import { type ClusterTopicMetadata, ListOffsetTimestamps } from "@platformatic/kafka";
import { answerMs, type Connection, describeTopic } from "./connection.ts";
import { comparePositions, momentOf, positionOf } from "./position.ts";
import { type Cursor, type FoundRecord, fetchRecords } from "./records.ts";

const bytesMax = 8 * 1024 * 1024;
const waitMs = 100;

/** Reads for one broker. */
export class Reader {
  readonly #connection: Connection;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The first offset that is kept in each partition. */
  first(topic: string): Promise<readonly bigint[]> {
    return this.#offsets(topic, ListOffsetTimestamps.EARLIEST);
  }

  /** The offset that the next record of each partition gets. */
  end(topic: string): Promise<readonly bigint[]> {
    return this.#offsets(topic, ListOffsetTimestamps.LATEST);
  }

  /** Where each partition begins that begins there. */
  async startOf(topic: string, from: StartAt): Promise<readonly bigint[]> {
    if (from.kind === "first") return this.first(topic);
    if (from.kind === "new") return this.end(topic);
    if (from.kind === "time") return this.#since(topic, momentOf(from.time));
    const { timestampMs, partition, offset } = positionOf(from.position);
    const since = await this.#since(topic, timestampMs);
    return since.map((each, index) => (index === partition ? offset : each));
  }

  /** Everything from there up to what is the end now, in the order of positions; at most `max`. Nothing for a topic that is not there. */
  read(topic: string, from: StartAt, max: number): Promise<readonly FoundRecord[]> {
    const next = this.#turn.then(() => this.#read(topic, from, max));
    this.#turn = next.catch(() => {});
    return next;
  }

  async #read(topic: string, from: StartAt, max: number): Promise<readonly FoundRecord[]> {
    const { admin, reader } = this.#connection;
    const metadata = await describeTopic(admin, topic);
    if (metadata === undefined) return [];
    reader.topics.track(topic);
    try {
      const ends = await this.end(topic);
      const starts = await this.startOf(topic, from);
      const all = await Promise.all(
        metadata.partitions.map((_, partition) => {
          const cursor = { topic, partition, offset: starts[partition] ?? 0n };
          return this.#readPartition(metadata, cursor, { end: ends[partition] ?? 0n, max });
        }),
      );
      const isWanted = (record: FoundRecord) =>
        from.kind !== "position" || comparePositions(record, positionOf(from.position)) >= 0;
      return merged(
        all.map((records) => records.filter(isWanted)),
        max,
      );
    } finally {
      reader.topics.untrack(topic);
    }
  }

  async #readPartition(
    metadata: ClusterTopicMetadata,
    from: Cursor,
    { end, max }: { readonly end: bigint; readonly max: number },
  ): Promise<FoundRecord[]> {
    const found: FoundRecord[] = [];
    const node = metadata.partitions[from.partition]?.leader ?? 0;
    const endMs = this.#connection.clock.nowMs() + answerMs;
    let cursor = from;
    while (cursor.offset < end && found.length < max && this.#connection.clock.nowMs() < endMs) {
      const request = { node, cursors: [cursor], idOf: () => metadata.id, waitMs, bytesMax };
      const { records, next } = await fetchRecords(this.#connection.reader, request);
      found.push(...records.filter(({ offset }) => offset < end));
      cursor = next[0] ?? cursor;
    }
    return found;
  }

  /** The first offset of each partition that was stored at this moment or later; its end where there is none. */
  async #since(topic: string, ms: number): Promise<readonly bigint[]> {
    const [found, ends] = await Promise.all([this.#offsets(topic, BigInt(ms)), this.end(topic)]);
    return ends.map((end, partition) => {
      const offset = found[partition] ?? -1n;
      return offset < 0n ? end : offset;
    });
  }

  async #offsets(topic: string, timestamp: bigint): Promise<readonly bigint[]> {
    const all = await this.#connection.reader.listOffsets({ topics: [topic], timestamp });
    return all.get(topic) ?? [];
  }
}

/** Several orders as one: always the earliest of those that come next. */
function merged(partitions: readonly (readonly FoundRecord[])[], max: number): readonly FoundRecord[] {
  const at = partitions.map(() => 0);
  const all: FoundRecord[] = [];
  while (all.length < max) {
    let best = -1;
    for (const [index, records] of partitions.entries()) {
      const record = records[at[index] as number];
      const leader = partitions[best]?.[at[best] as number];
      if (record !== undefined && (leader === undefined || comparePositions(record, leader) < 0)) best = index;
    }
    const next = partitions[best]?.[at[best] as number];
    if (next === undefined) break;
    all.push(next);
    at[best] = (at[best] as number) + 1;
  }
  return all;
}
