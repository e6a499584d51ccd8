/** The limits of the engine; each is reached with an error of a code, or with what its line says. */

/** What can be set when an engine is made; the defaults suit one host. */
export interface SegmentLogLimits {
  /** How large a segment becomes, roughly, bytes; default 32 MiB. A start reads one at a time into memory. */
  readonly segmentBytes: number;
  /** How much of the end of the journal stays in memory, bytes; default 16 MiB. Older messages are read from the disk. */
  readonly recentBytesMax: number;
  /** For how long a topic keeps a message, ms; default 7 days. */
  readonly retentionMs: number;
  /** How much all topics keep, bytes; default 1 GiB. The oldest go first. */
  readonly retentionBytes: number;
  /** How many messages are kept, those of topics and queues together; default 20 million. Then `BROKER_FULL`. */
  readonly messagesMax: number;
  /** How many topics, queues and groups there may be; default 100,000. Then `BROKER_FULL`. */
  readonly channelsMax: number;
  /** How much may be on its way to the disk, bytes; default 64 MiB. Then `BROKER_FULL`. */
  readonly pendingBytesMax: number;
  /** For how long the id of a message is known, ms; default 2 minutes. */
  readonly dedupWindowMs: number;
  /** How many ids are known; default 100,000. Whoever publishes more within the window can publish one twice. */
  readonly dedupIdsMax: number;
  /** How many messages of a group may wait behind others with their key; default 1,000,000. Then it reads no further. */
  readonly behindMax: number;
  /** Room on the disk that is set aside for acks when the rest is full, bytes; default 4 MiB. */
  readonly reserveBytes: number;
  /** How large each of the two files is that say what is in whose hands, bytes; default 1 MiB. */
  readonly handsBytes: number;
}

/** The limits where nothing else is said. */
export const defaultLimits: SegmentLogLimits = Object.freeze({
  segmentBytes: 32 * 1024 * 1024,
  recentBytesMax: 16 * 1024 * 1024,
  retentionMs: 7 * 24 * 3_600_000,
  retentionBytes: 1024 * 1024 * 1024,
  messagesMax: 20_000_000,
  channelsMax: 100_000,
  pendingBytesMax: 64 * 1024 * 1024,
  dedupWindowMs: 120_000,
  dedupIdsMax: 100_000,
  behindMax: 1_000_000,
  reserveBytes: 4 * 1024 * 1024,
  handsBytes: 1024 * 1024,
});
