/** Fetching records from the partitions of topics, by a client that is told where each begins. */
import type { StoredMessage } from "@cantle/messaging";
import type { Consumer } from "@platformatic/kafka";
import { type Headers, messageOf, readHeaders } from "./cloud-event.ts";
import { positionText } from "./position.ts";

const controlBit = 1 << 5;

type FetchResponse = Awaited<ReturnType<Consumer["fetch"]>>;

/** A place from which to read. */
export interface Cursor {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A record where it was found. */
export interface FoundRecord extends Cursor {
  readonly timestampMs: number;
  readonly leaderEpoch: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** What is fetched, and how much of it. */
export interface FetchRequest {
  /** The broker that leads these partitions. */
  readonly node: number;
  readonly cursors: readonly Cursor[];
  /** The id of each topic. */
  readonly idOf: (topic: string) => string;
  readonly waitMs: number;
  readonly bytesMax: number;
}

/** Records, and where each partition goes on: batches may end in records that nobody is shown. */
export interface Fetched {
  readonly records: readonly FoundRecord[];
  readonly next: readonly Cursor[];
}

/** Fetches once; the client must have been told of the topics (`client.topics.track`). */
export async function fetchRecords(client: Consumer, request: FetchRequest): Promise<Fetched> {
  const { node, cursors, idOf, waitMs, bytesMax } = request;
  const topics = cursors.map(({ topic, partition, offset }) => ({
    topicId: idOf(topic),
    partitions: [
      { partition, fetchOffset: offset, partitionMaxBytes: bytesMax, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
    ],
  }));
  const response = await client.fetch({ node, topics, maxWaitTime: waitMs, minBytes: 1, maxBytes: bytesMax });
  return readResponse(response, cursors, idOf);
}

function readResponse(response: FetchResponse, cursors: readonly Cursor[], idOf: (topic: string) => string): Fetched {
  const records: FoundRecord[] = [];
  const next: Cursor[] = [];
  for (const { topicId, partitions } of response.responses)
    for (const { partitionIndex, records: batches } of partitions ?? []) {
      const cursor = cursors.find(({ topic, partition }) => partition === partitionIndex && idOf(topic) === topicId);
      const last = batches?.at(-1);
      if (cursor === undefined || batches == null || last === undefined) continue;
      for (const batch of batches) if ((batch.attributes & controlBit) === 0) records.push(...recordsOf(batch, cursor));
      next.push({ ...cursor, offset: last.firstOffset + BigInt(last.lastOffsetDelta) + 1n });
    }
  return { records, next };
}

type Batch = NonNullable<NonNullable<FetchResponse["responses"][number]["partitions"]>[number]["records"]>[number];

function* recordsOf(batch: Batch, { topic, partition, offset: from }: Cursor): IterableIterator<FoundRecord> {
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = batch.firstOffset + BigInt(offsetDelta);
    // A batch is given whole, also when it begins before what was asked for.
    if (offset < from) continue;
    const timestampMs = Number(batch.firstTimestamp + timestampDelta);
    const leaderEpoch = batch.partitionLeaderEpoch;
    yield { topic, partition, offset, timestampMs, leaderEpoch, key, value, headers: readHeaders(headers) };
  }
}

/** The message of a record, with its place. */
export function storedMessageOf(record: FoundRecord): StoredMessage {
  const position = positionText(record);
  return { ...messageOf(record.headers, { ...record, position }), position };
}
