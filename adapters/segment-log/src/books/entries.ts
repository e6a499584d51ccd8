/**
 * The records that are no messages: what they say, and how it is written. The head of each line is the kind; source and ordinal
 * are members of the record itself.
 *
 *     channel    source: its number     ordinal: the number of its next message    u8 kind, name
 *     group      source: its number     ordinal: its floor                          u32 topic, u8 flags, u16 length, name, done pages
 *     forgotten  source: a group
 *     ended      source: whose                                                      f64 numbers that are handled, or were removed
 *     tried      source: whose          ordinal: the number of the message          u32 attempts, f64 due (wall), failures
 *     buried     source: whose          ordinal: its serial among the buried        f64 number, f64 wall time, u32 attempts, u8 flags, u32 length, failures, body of the message
 *     redriven   source: whose          ordinal: the serial
 *     removed    source: whose          ordinal: the serial
 *
 * Failures are JSON. Each says all that is to be known, not what changed: a record may be appended again (`cleaning.ts`).
 */
import type { Channel } from "@cantle/contract";
import type { AttemptFailure } from "@cantle/messaging";
import type { Batch } from "../journal/batch.ts";
import type { Found } from "../journal/reader.ts";
import { type Bytes, headerBytes, type Kind, kindAt, kinds, ordinalAt, sourceAt, timeMsAt } from "../journal/record.ts";
import type { DoneSet } from "./done-set.ts";
import type { MessageBody } from "./message-record.ts";

/** The body of a record that was read. */
export type Body = MessageBody;

/** Where a record was written. */
export interface Placed {
  readonly address: number;
  readonly size: number;
}

/** A record that may be appended again. */
export interface Copied extends Placed {
  readonly record: Found;
}

interface Head {
  readonly kind: Kind;
  readonly source: number;
  readonly ordinal: number;
}

type Fill = (memory: Bytes, at: number) => void;

function write(batch: Batch, { bodyBytes, ...head }: Head & { bodyBytes: number }, fill: Fill): Placed {
  const size = headerBytes + bodyBytes;
  const chunk = batch.open(size);
  fill(chunk, chunk.used + headerBytes);
  return { address: batch.close({ ...head, length: size }), size };
}

/** Appends a record again, as it is but for what `change` changes in its body; answers with where. */
export function writeAgain(batch: Batch, { record, size }: Copied, change: Change = () => {}): Placed {
  const { bytes, view, at } = record;
  const chunk = batch.open(size);
  bytes.copy(chunk.bytes, chunk.used + headerBytes, at + headerBytes, at + size);
  change(chunk.view, chunk.used + headerBytes);
  const head = { kind: kindAt(view, at), source: sourceAt(view, at), ordinal: ordinalAt(view, at) };
  return { address: batch.close({ ...head, timeMs: timeMsAt(view, at), length: size }), size };
}

type Change = (view: DataView, at: number) => void;

/** A record without a body. */
export function writeBare(batch: Batch, head: Head): Placed {
  return write(batch, { ...head, bodyBytes: 0 }, () => {});
}

/** A topic or queue, and the number of its next message. */
export interface ChannelEntry extends Channel {
  readonly number: number;
  readonly next: number;
}

/** Writes a channel. */
export function writeChannel(batch: Batch, { number, next, kind, name }: ChannelEntry): void {
  write(
    batch,
    { kind: kinds.channel, source: number, ordinal: next, bodyBytes: 1 + name.length },
    ({ bytes, view }, at) => {
      view.setUint8(at, kind === "topic" ? 0 : 1);
      bytes.write(name, at + 1, "latin1");
    },
  );
}

/** Reads a channel. */
export function readChannel({ bytes, view, from, end }: Body): Channel {
  return { kind: view.getUint8(from) === 0 ? "topic" : "queue", name: bytes.toString("latin1", from + 1, end) };
}

/** A group, and where it is. */
export interface GroupEntry {
  readonly number: number;
  readonly topic: number;
  readonly name: string;
  readonly floor: number;
  readonly done: DoneSet;
  /** It was sent elsewhere, or begins: what was tried before counts for nothing. */
  readonly afresh: boolean;
  /** False for one that is forgotten, but has dead letters. */
  readonly active: boolean;
}

/** Writes a group. */
export function writeGroup(batch: Batch, { number, topic, name, floor, done, afresh, active }: GroupEntry): void {
  const bodyBytes = 7 + name.length + done.storedBytes;
  write(batch, { kind: kinds.group, source: number, ordinal: floor, bodyBytes }, ({ bytes, view }, at) => {
    view.setUint32(at, topic, true);
    view.setUint8(at + 4, (afresh ? 1 : 0) + (active ? 2 : 0));
    view.setUint16(at + 5, name.length, true);
    bytes.write(name, at + 7, "latin1");
    done.write(view, at + 7 + name.length);
  });
}

/** A group as it is read; its done pages are still where they are. */
export interface GroupRead {
  readonly topic: number;
  readonly name: string;
  readonly afresh: boolean;
  readonly active: boolean;
  readonly doneFrom: number;
}

/** Reads a group. */
export function readGroup({ bytes, view, from }: Body): GroupRead {
  const flags = view.getUint8(from + 4);
  const doneFrom = from + 7 + view.getUint16(from + 5, true);
  const name = bytes.toString("latin1", from + 7, doneFrom);
  return { topic: view.getUint32(from, true), name, afresh: (flags & 1) !== 0, active: (flags & 2) !== 0, doneFrom };
}

/** Writes numbers that are handled. */
export function writeEnded(batch: Batch, source: number, numbers: readonly number[]): void {
  write(batch, { kind: kinds.ended, source, ordinal: 0, bodyBytes: numbers.length * 8 }, ({ view }, at) => {
    for (let index = 0; index < numbers.length; index++)
      view.setFloat64(at + index * 8, numbers[index] as number, true);
  });
}

/** Reads them. */
export function* readEnded({ view, from, end }: Body): IterableIterator<number> {
  for (let at = from; at + 8 <= end; at += 8) yield view.getFloat64(at, true);
}

/** What was tried with a message. */
export interface TriedEntry {
  readonly attempts: number;
  /** Not before, wall time. */
  readonly dueMs: number;
  readonly failures: readonly AttemptFailure[];
}

/** Writes what was tried. */
export function writeTried(batch: Batch, head: { source: number; ordinal: number }, entry: TriedEntry): Placed {
  const failures = Buffer.from(JSON.stringify(entry.failures));
  return write(batch, { kind: kinds.tried, ...head, bodyBytes: 12 + failures.length }, ({ bytes, view }, at) => {
    view.setUint32(at, entry.attempts, true);
    view.setFloat64(at + 4, entry.dueMs, true);
    bytes.set(failures, at + 12);
  });
}

/** Reads what was tried, but for the failures. */
export function readTried({ view, from }: Body): { attempts: number; dueMs: number } {
  return { attempts: view.getUint32(from, true), dueMs: view.getFloat64(from + 4, true) };
}

/** Reads the failures of what was tried. */
export function readTriedFailures({ bytes, from, end }: Body): AttemptFailure[] {
  return JSON.parse(bytes.toString("utf8", from + 12, end)) as AttemptFailure[];
}

/** A message that was given up. */
export interface BuriedEntry {
  /** Its number in its channel. */
  readonly number: number;
  readonly attempts: number;
  /** When it was given up, wall time. */
  readonly buriedMs: number;
  readonly failures: readonly AttemptFailure[];
  /** The body of its record. */
  readonly body: Body;
}

const buriedBytes = 25;

/** Writes a message that was given up. */
export function writeBuried(batch: Batch, head: { source: number; ordinal: number }, entry: BuriedEntry): Placed {
  const failures = Buffer.from(JSON.stringify(entry.failures));
  const { body } = entry;
  const bodyBytes = buriedBytes + failures.length + body.end - body.from;
  return write(batch, { kind: kinds.buried, ...head, bodyBytes }, ({ bytes, view }, at) => {
    view.setFloat64(at, entry.number, true);
    view.setFloat64(at + 8, entry.buriedMs, true);
    view.setUint32(at + 16, entry.attempts, true);
    view.setUint8(at + 20, 0);
    view.setUint32(at + 21, failures.length, true);
    bytes.set(failures, at + buriedBytes);
    body.bytes.copy(bytes, at + buriedBytes + failures.length, body.from, body.end);
  });
}

/** Says in the body of such a record that it was appended again, and whether it is redriven. */
export function markBuriedAgain(view: DataView, at: number, redriven: boolean): void {
  view.setUint8(at + 20, redriven ? 3 : 2);
}

/** A message that was given up as it is read; its failures and its body are still where they are. */
export interface BuriedRead extends Omit<BuriedEntry, "failures"> {
  readonly redriven: boolean;
  /** It was appended again: its burial is told by an earlier record. */
  readonly again: boolean;
  readonly failuresFrom: number;
}

/** Reads a message that was given up. */
export function readBuried({ bytes, view, from, end }: Body): BuriedRead {
  const failuresFrom = from + buriedBytes;
  const flags = view.getUint8(from + 20);
  return {
    number: view.getFloat64(from, true),
    buriedMs: view.getFloat64(from + 8, true),
    attempts: view.getUint32(from + 16, true),
    redriven: (flags & 1) !== 0,
    again: (flags & 2) !== 0,
    failuresFrom,
    body: { bytes, view, from: failuresFrom + view.getUint32(from + 21, true), end },
  };
}

/** Reads the failures of a message that was given up. */
export function readBuriedFailures(body: Body): AttemptFailure[] {
  const { failuresFrom, body: message } = readBuried(body);
  return JSON.parse(body.bytes.toString("utf8", failuresFrom, message.from)) as AttemptFailure[];
}

/** The body of a record in memory. */
export function bodyAt({ bytes, view }: Bytes, at: number, sizeBytes: number): Body {
  return { bytes, view, from: at + headerBytes, end: at + sizeBytes };
}
