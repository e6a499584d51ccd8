/**
 * The frames that answer, and the small ones.
 *
 *     reply    u8 flags: 1 a hop below has retried · 2 items follow as data frames · 4 bytes follow as data frames
 *              text16 media type, u64 size or all ones for unknown        (flag 4)
 *              rest: the output as UTF-8 JSON, empty for none             (neither flag 2 nor 4)
 *     error    the error record as UTF-8 JSON: code, message and what else may be told
 *     credit   u32 bytes
 *     cancel   text8 code
 *     goaway   text8 code, text16 message
 */
import { type Bytes, CantleError, codes, fromRecord, isCode, type Reply, toRecord } from "@cantle/core";
import type { Cursor } from "./cursor.ts";
import { kinds } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { stringify } from "./json.ts";

const flag = Object.freeze({ retried: 1, items: 2, download: 4 });
const messageMax = 2000;

/** What a reply frame says; streams follow. */
export type ReplyHead = { readonly retried: boolean } & (
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "items" }
  | { readonly kind: "download"; readonly type: string; readonly size: number | undefined }
);

/** Writes a reply; of a stream, what stands before it. Throws `OUTPUT_INVALID` or `REPLY_TOO_LARGE`; nothing was written then. */
export function writeReply(writer: FrameWriter, id: number, reply: Reply): void {
  const retried = reply.retried ? flag.retried : 0;
  if (reply.kind === "value") {
    writeBody(writer, id, { flags: retried, body: stringify(reply.value) });
  } else if (reply.kind === "bytes") {
    writeBody(writer, id, { flags: retried, body: reply.bytes });
  } else if (reply.kind === "items") {
    writeBody(writer, id, { flags: retried | flag.items, body: "" });
  } else {
    writeDownload(writer, id, { flags: retried | flag.download, download: reply.download });
  }
}

function writeBody(
  writer: FrameWriter,
  id: number,
  { flags, body }: { flags: number; body: string | Uint8Array },
): void {
  writer.begin(kinds.reply, id, 1);
  writer.u8(flags);
  if (!(typeof body === "string" ? writer.endWithText(body) : writer.endWith(body))) throw replyTooLarge(writer);
}

function writeDownload(writer: FrameWriter, id: number, { flags, download }: { flags: number; download: Bytes }): void {
  writer.begin(kinds.reply, id, 1 + 2 + download.type.length * 3 + 8);
  writer.u8(flags);
  writer.text16(download.type);
  writer.size(download.size);
  writer.end();
}

/** The error of a reply or an item that the peer does not take. */
export function replyTooLarge(writer: FrameWriter): CantleError {
  return new CantleError("REPLY_TOO_LARGE", `the output is over ${writer.frameBytesMax} bytes, the most of one frame`);
}

/** Reads a reply. */
export function readReply(cursor: Cursor): ReplyHead {
  const flags = cursor.u8();
  const retried = (flags & flag.retried) !== 0;
  if (flags & flag.items) return { kind: "items", retried };
  if (flags & flag.download) return { kind: "download", type: cursor.text16(), size: cursor.size(), retried };
  return { kind: "bytes", bytes: cursor.rest(), retried };
}

/** Writes what may be told of an error. One whose data does not fit or is not JSON loses its data. */
export function writeError(writer: FrameWriter, id: number, error: CantleError): void {
  writer.begin(kinds.error, id, 0);
  if (writer.endWithText(recordOf(error))) return;
  writer.begin(kinds.error, id, 0);
  writer.endWithText(JSON.stringify({ code: error.code, message: error.message.slice(0, messageMax) }));
}

function recordOf(error: CantleError): string {
  try {
    return JSON.stringify(toRecord(error));
  } catch {
    return JSON.stringify(toRecord(new CantleError("INTERNAL", "something went wrong inside the service")));
  }
}

/** Reads an error; one that cannot be read is `REPLY_MALFORMED`. */
export function readError(cursor: Cursor): CantleError {
  try {
    return fromRecord(JSON.parse(cursor.rest().toString()));
  } catch {
    return fromRecord(undefined);
  }
}

/** Writes a frame without a body: end, ping, pong. */
export function writeEmpty(writer: FrameWriter, kind: number, id: number): void {
  writer.begin(kind, id, 0);
  writer.end();
}

/** Writes a credit. */
export function writeCredit(writer: FrameWriter, id: number, bytes: number): void {
  writer.begin(kinds.credit, id, 4);
  writer.u32(bytes);
  writer.end();
}

/** Writes a cancel, with the code of why. */
export function writeCancel(writer: FrameWriter, id: number, reason: CantleError): void {
  writer.begin(kinds.cancel, id, 1 + reason.code.length * 3);
  writer.text8(reason.code);
  writer.end();
}

/** Why the other side cancelled, as the handler is told. */
export function readCancel(cursor: Cursor): CantleError {
  const code = cursor.text8();
  return code === "DEADLINE_EXCEEDED"
    ? new CantleError(code, codes[code].meaning)
    : new CantleError("CANCELLED", codes.CANCELLED.meaning);
}

/** Writes a goaway. */
export function writeGoaway(writer: FrameWriter, error: CantleError): void {
  const message = error.message.slice(0, messageMax);
  writer.begin(kinds.goaway, 0, 3 + (error.code.length + message.length) * 3);
  writer.text8(error.code);
  writer.text16(message);
  writer.end();
}

/** Reads a goaway. A code from a newer version is `UNREACHABLE`. */
export function readGoaway(cursor: Cursor): CantleError {
  const code = cursor.text8();
  const message = cursor.text16();
  return new CantleError(isCode(code) ? code : "UNREACHABLE", message);
}
