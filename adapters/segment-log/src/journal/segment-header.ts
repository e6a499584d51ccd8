/**
 * The first 80 bytes of a segment file: which one it is, and what came before it.
 *
 *      0  "CANTLOG\n"              8  u32  format           12  u32  zero
 *     16  f64  number             24  f64  base            32  f64  first sequence
 *     40  u32  salt               44  u32  salt of the one before
 *     48  16 bytes: the journal that it belongs to
 *     64  f64  wall time when it was begun                 72  u32  1 when it begins with a snapshot
 *     76  u32  checksum of all before
 *
 * An address is a place in the journal as if it were one file without headers: byte `b` of segment `s` has the address
 * `s.base + b - 80`. So the base of a segment is also where the one before it ends.
 *
 * The magic, the format and the checksum stay where they are in every format, so that a newer one is told from damage.
 */
import { crc32 } from "node:zlib";

/** Bytes of it. */
export const segmentHeaderBytes = 80;
/** Raise it when an older Cantle must not read the journal any more. */
export const formatVersion = 1;

const magic = Buffer.from("CANTLOG\n", "latin1");
const checksumAt = segmentHeaderBytes - 4;

/** What it says. */
export interface SegmentHeader {
  readonly number: number;
  readonly base: number;
  readonly firstSequence: number;
  readonly salt: number;
  readonly previousSalt: number;
  /** 32 hex digits, the same in all files of a journal. */
  readonly journal: string;
  readonly begunMs: number;
  /** True when its first records say all names and positions, so that nothing before it is needed for them. */
  readonly snapshot: boolean;
}

/** What the beginning of a file turned out to be. */
export type HeaderFound =
  | { readonly kind: "header"; readonly header: SegmentHeader }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged" };

/** Writes it. */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  magic.copy(bytes);
  bytes.writeUInt32LE(formatVersion, 8);
  bytes.writeDoubleLE(header.number, 16);
  bytes.writeDoubleLE(header.base, 24);
  bytes.writeDoubleLE(header.firstSequence, 32);
  bytes.writeUInt32LE(header.salt, 40);
  bytes.writeUInt32LE(header.previousSalt, 44);
  bytes.write(header.journal, 48, "hex");
  bytes.writeDoubleLE(header.begunMs, 64);
  bytes.writeUInt32LE(header.snapshot ? 1 : 0, 72);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, checksumAt)), checksumAt);
  return bytes;
}

/** Reads it. */
export function decodeSegmentHeader(bytes: Buffer): HeaderFound {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(magic)) return { kind: "damaged" };
  if (bytes.readUInt32LE(checksumAt) !== crc32(bytes.subarray(0, checksumAt))) return { kind: "damaged" };
  const version = bytes.readUInt32LE(8);
  if (version > formatVersion) return { kind: "newer", version };
  return {
    kind: "header",
    header: {
      number: bytes.readDoubleLE(16),
      base: bytes.readDoubleLE(24),
      firstSequence: bytes.readDoubleLE(32),
      salt: bytes.readUInt32LE(40),
      previousSalt: bytes.readUInt32LE(44),
      journal: bytes.toString("hex", 48, 64),
      begunMs: bytes.readDoubleLE(64),
      snapshot: bytes.readUInt32LE(72) === 1,
    },
  };
}

/** The name of the file of a segment. */
export function segmentName(number: number): string {
  return `${String(number).padStart(10, "0")}.segment`;
}

/** The number in such a name. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{10,15})\.segment$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
