/**
 * Reading a segment from end to end, and telling what is wrong with it. Pure: it is given the bytes.
 *
 *     │ header │ records … │ records … │ …
 *                          ▲           ▲
 *                       `must`: up to here all was durable; what does not fit before it is damage
 *                                      └ what does not fit after it was never acknowledged: a torn tail
 *
 * 1. After damage it goes on with the next intact record: a record is known by its checksum, which begins with chance, so
 *    nothing in a message can pass for one.
 * 2. Sequences are gapless, so it is known how many records a damaged place held.
 * 3. A tail is torn only when nothing after it says otherwise. A later batch that was begun when the torn place was durable shows
 *    that it is damage: a disk that lost what it said it had.
 */
import {
  alignmentBytes,
  type Bytes,
  isIntact,
  kindAt,
  kinds,
  lengthAt,
  looksLikeRecord,
  ordinalAt,
  padded,
  sequenceAt,
} from "./record.ts";

/** A place where records should be, and are not. */
export interface Hole {
  /** Offsets in the file: from here, to there. */
  readonly at: number;
  readonly end: number;
  /** The sequence of the first record that is lost, and how many are. */
  readonly sequence: number;
  readonly lost: number;
}

/** What is read. */
export interface ScanSubject {
  /** The whole file, as far as it is there. */
  readonly segment: Bytes;
  readonly salt: number;
  /** The offset of the first record. */
  readonly from: number;
  /** The sequence of the first record. */
  readonly sequence: number;
  /** The offset up to which everything was durable, and the sequence of the last record before it. */
  readonly must: { readonly offset: number; readonly sequence: number };
  /** True when nothing follows `must`: the segment is not the one that was being written. */
  readonly sealed: boolean;
  /** Takes each intact record, in order. */
  readonly onRecord: (offset: number) => void;
}

/** What came of it. */
export interface Scan {
  /** Where intact records end, and the sequence of the last one, lost ones included. */
  readonly end: number;
  readonly sequence: number;
  readonly holes: readonly Hole[];
}

/** Reads a segment. */
export function scanSegment(options: ScanSubject): Scan {
  const { segment, salt, must, sealed, onRecord } = options;
  const end = sealed ? Math.min(must.offset, segment.bytes.length) : segment.bytes.length;
  const holes: Hole[] = [];
  let at = options.from;
  let next = options.sequence;
  const dig = (to: number, sequence: number) => {
    holes.push({ at, end: to, sequence: next, lost: Math.max(0, sequence - next) });
    at = to;
    next = Math.max(next, sequence);
  };
  while (at < Math.max(end, must.offset)) {
    if (at < end && isRecord(segment, { at, end, salt }) && sequenceAt(segment.view, at) === next) {
      onRecord(at);
      next += kindAt(segment.view, at) === kinds.gap ? ordinalAt(segment.view, at) : 1;
      at += padded(lengthAt(segment.view, at));
      continue;
    }
    const found = findRecord(segment, { at: at + alignmentBytes, end, salt, sequence: next });
    if (at >= must.offset && !(found !== undefined && showsDamage(segment, { at: found, end, salt, sequence: next })))
      break;
    if (found === undefined) dig(Math.max(must.offset, at), must.sequence + 1);
    else dig(found, sequenceAt(segment.view, found));
  }
  return { end: at, sequence: next - 1, holes };
}

interface Range {
  readonly at: number;
  readonly end: number;
  readonly salt: number;
}

function isRecord(segment: Bytes, { at, end, salt }: Range): boolean {
  return looksLikeRecord(segment.view, at, end) && isIntact(segment, at, salt);
}

/** The next intact record that may follow (1). */
function findRecord(segment: Bytes, { at, end, salt, sequence }: Range & { sequence: number }): number | undefined {
  for (let offset = at; offset < end; offset += alignmentBytes) {
    if (isRecord(segment, { at: offset, end, salt }) && sequenceAt(segment.view, offset) >= sequence) return offset;
  }
  return undefined;
}

/** True when a record from `at` on says that what has `sequence` was durable before (3). */
function showsDamage(segment: Bytes, { at, end, salt, sequence }: Range & { sequence: number }): boolean {
  for (let offset = at; offset < end; ) {
    const intact = isRecord(segment, { at: offset, end, salt });
    if (intact && kindAt(segment.view, offset) === kinds.batch && ordinalAt(segment.view, offset) >= sequence)
      return true;
    offset += intact ? padded(lengthAt(segment.view, offset)) : alignmentBytes;
  }
  return false;
}
