/**
 * What a journal is made of. A record is a header of 32 bytes and a body, padded with zeros to a multiple of eight;
 * numbers are little-endian.
 *
 *      0  u32  checksum of everything that follows, begun with the salt of the segment
 *      4  u32  length of header and body, without the padding
 *      8  u48  sequence: one more than that of the record before, for ever
 *     14  u8   kind
 *     15  u8   zero
 *     16  u32  source: the number of the topic, queue or group that it is about
 *     20  u48  wall time when it was written, ms
 *     26  u48  ordinal: which one of its source; what else it may be, its kind says
 *
 * 1. The salt is chance, and in no message: bytes that somebody publishes cannot look like a record, nor can one of another
 *    segment.
 * 2. The kinds and their bodies are `entries.ts` and `message-record.ts`; here nobody looks into a body.
 */
import { crc32 } from "node:zlib";

/** Bytes of a header. */
export const headerBytes = 32;
/** Records begin at multiples of this. */
export const alignmentBytes = 8;

/** What a record says. A number is never given a second meaning. */
export const kinds = {
  /** The first of a batch; its ordinal is the sequence up to which everything was durable when it was written. */
  batch: 1,
  /** Stands where damage was; its ordinal is how many sequences are lost. */
  gap: 2,
  channel: 3,
  message: 4,
  group: 5,
  forgotten: 6,
  ended: 7,
  tried: 8,
  buried: 9,
  redriven: 10,
  removed: 11,
} as const;

/** A kind. */
export type Kind = (typeof kinds)[keyof typeof kinds];

const kindMax = 11;

/** Bytes in memory that hold records. */
export interface Bytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** What a header says, besides its sequence, length and checksum. */
export interface Header {
  readonly kind: Kind;
  readonly source: number;
  readonly timeMs: number;
  readonly ordinal: number;
}

/** The bytes that a record takes. */
export function padded(lengthBytes: number): number {
  return (lengthBytes + alignmentBytes - 1) & -alignmentBytes;
}

/** Memory for records. */
export function newBytes(lengthBytes: number): Bytes {
  return bytesOf(Buffer.allocUnsafeSlow(lengthBytes));
}

/** The same for a buffer that is there. */
export function bytesOf(bytes: Buffer): Bytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Writes the header of a record whose body is there already. */
export function sealRecord(
  { bytes, view }: Bytes,
  at: number,
  {
    kind,
    source,
    timeMs,
    ordinal,
    length,
    sequence,
    salt,
  }: Header & { length: number; sequence: number; salt: number },
): void {
  view.setUint32(at + 4, length, true);
  setUint48(view, at + 8, sequence);
  view.setUint16(at + 14, kind, true);
  view.setUint32(at + 16, source, true);
  setUint48(view, at + 20, timeMs);
  setUint48(view, at + 26, ordinal);
  bytes.fill(0, at + length, at + padded(length));
  view.setUint32(at, crc32(bytes.subarray(at + 4, at + length), salt), true);
}

/** Gives a record that is there another salt. */
export function saltRecord({ bytes, view }: Bytes, at: number, salt: number): void {
  view.setUint32(at, crc32(bytes.subarray(at + 4, at + lengthAt(view, at)), salt), true);
}

/** Length of the record at `at`, without the padding. */
export const lengthAt = (view: DataView, at: number): number => view.getUint32(at + 4, true);
/** Its sequence. */
export const sequenceAt = (view: DataView, at: number): number => uint48(view, at + 8);
/** Its kind. */
export const kindAt = (view: DataView, at: number): Kind => view.getUint8(at + 14) as Kind;
/** Its source. */
export const sourceAt = (view: DataView, at: number): number => view.getUint32(at + 16, true);
/** When it was written. */
export const timeMsAt = (view: DataView, at: number): number => uint48(view, at + 20);
/** Its ordinal. */
export const ordinalAt = (view: DataView, at: number): number => uint48(view, at + 26);

/** True when what is at `at` may be a record that ends before `end`: cheap, and wrong once in many millions of times. */
export function looksLikeRecord(view: DataView, at: number, end: number): boolean {
  if (at + headerBytes > end) return false;
  const length = lengthAt(view, at);
  if (length < headerBytes || at + length > end) return false;
  const kind = view.getUint16(at + 14, true);
  return kind > 0 && kind <= kindMax;
}

/** True when what looks like a record is one, to the last bit. */
export function isIntact({ bytes, view }: Bytes, at: number, salt: number): boolean {
  const length = lengthAt(view, at);
  if (view.getUint32(at, true) !== crc32(bytes.subarray(at + 4, at + length), salt)) return false;
  for (let rest = at + length; rest < at + padded(length); rest++) if (bytes[rest] !== 0) return false;
  return true;
}

/** Reads 48 bits. */
export function uint48(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32;
}

/** Writes 48 bits. */
export function setUint48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint16(at + 4, Math.floor(value / 2 ** 32), true);
}
