/**
 * The first frame of each side, and how two versions agree.
 *
 *     u32      0x434e544c, "CNTL"
 *     u8 × …   versions: a count, then for each its major and minor, one byte each
 *     u32      frameBytesMax: the largest frame that this side takes, 16 KiB or more
 *     u32      streamWindowBytes: what may be sent of a stream before the first credit, 1 or more
 *     text16   the unit's token, empty for none
 *     u8 × …   services: a count, then a text8 for each
 *              what follows belongs to a newer minor version and is skipped
 *
 * The dialler says hello at once, listing every version it speaks, and waits. The server answers with a hello of one version,
 * or with goaway: `WIRE_VERSION` when they share none, `PEER_REFUSED` when the token is not valid. Hello and goaway look
 * the same in every version. A minor version adds kinds of frames, or fields at the end of one; a major may change anything else.
 */
import { CantleError } from "@cantle/core";
import type { Cursor } from "./cursor.ts";
import { invalidFrame, kinds } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { helloBytesMax } from "./limits.ts";

/** A version of the protocol. */
export interface WireVersion {
  readonly major: number;
  readonly minor: number;
}

/** What one side says of itself. */
export interface Hello {
  readonly versions: readonly WireVersion[];
  readonly frameBytesMax: number;
  readonly streamWindowBytes: number;
  readonly token: string;
  readonly services: readonly string[];
}

/** The versions spoken here: the newest minor of each major. */
export const wireVersions: readonly WireVersion[] = Object.freeze([Object.freeze({ major: 1, minor: 1 })]);

const magic = 0x434e544c;
const countMax = 255;
const fixedBytes = 16;

/** Writes a hello. Throws `HEADERS_TOO_LARGE` for more than a peer takes before it knows who speaks. */
export function writeHello(writer: FrameWriter, hello: Hello): void {
  const services = hello.services.slice(0, countMax);
  const texts = [hello.token, ...services].reduce((bytes, text) => bytes + 2 + text.length * 3, 0);
  writer.begin(kinds.hello, 0, fixedBytes + hello.versions.length * 2 + texts);
  writer.u32(magic);
  writer.u8(hello.versions.length);
  for (const { major, minor } of hello.versions) {
    writer.u8(major);
    writer.u8(minor);
  }
  writer.u32(hello.frameBytesMax);
  writer.u32(hello.streamWindowBytes);
  writer.text16(hello.token);
  writer.u8(services.length);
  for (const service of services) writer.text8(service);
  if (!writer.end())
    throw new CantleError("HEADERS_TOO_LARGE", `the unit's token and services are over ${helloBytesMax} bytes`);
}

/** Reads a hello. Throws `FRAME_INVALID` for anything else. */
export function readHello(cursor: Cursor): Hello {
  if (cursor.u32() !== magic) throw invalidFrame("the other side does not speak this protocol");
  const versions = Array.from({ length: cursor.u8() }, () => ({ major: cursor.u8(), minor: cursor.u8() }));
  const frameBytesMax = cursor.u32();
  const streamWindowBytes = cursor.u32();
  if (frameBytesMax < helloBytesMax || streamWindowBytes < 1)
    throw invalidFrame(`a hello with limits of ${frameBytesMax} and ${streamWindowBytes} bytes`);
  const token = cursor.text16();
  const services = Array.from({ length: cursor.u8() }, () => cursor.text8());
  return { versions, frameBytesMax, streamWindowBytes, token, services };
}

/** The version that two sides speak: the highest major that both know, in the older of their minors. Throws `WIRE_VERSION`. */
export function agree(ours: readonly WireVersion[], theirs: readonly WireVersion[]): WireVersion {
  let best: WireVersion | undefined;
  for (const { major, minor } of ours) {
    const other = theirs.find((version) => version.major === major);
    if (other && (!best || major > best.major)) best = { major, minor: Math.min(minor, other.minor) };
  }
  if (best) return best;
  throw new CantleError("WIRE_VERSION", `this side speaks wire ${listed(ours)}, the other ${listed(theirs)}`, {
    help: "update the older side; each release speaks its own and the previous major version",
  });
}

function listed(versions: readonly WireVersion[]): string {
  return versions.map(({ major, minor }) => `${major}.${minor}`).join(", ") || "nothing";
}
