/** Sends what streams are made of: one data frame at a time. */
import { CantleError } from "@cantle/core";
import { headCountedBytes, kinds } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { stringify } from "./json.ts";
import { chunkBytesMax } from "./limits.ts";
import type { Sent } from "./outflow.ts";
import { replyTooLarge } from "./reply.ts";

/**
 * Sends bytes of an upload or a download, at most `chunkBytesMax` of them. They are copied: their source may use the same buffer again
 * as soon as it is asked for more.
 */
export function sendChunk(writer: FrameWriter, id: number, chunk: Uint8Array): Sent<Uint8Array> {
  if (!(chunk instanceof Uint8Array)) throw new CantleError("INTERNAL", "a source of bytes gave something else");
  if (chunk.length === 0) return { bytes: undefined, left: undefined };
  const size = Math.min(chunk.length, chunkBytesMax, writer.frameBytesMax - headCountedBytes);
  writer.begin(kinds.data, id, 0);
  writer.endWithCopy(chunk.subarray(0, size));
  return { bytes: size, left: size < chunk.length ? chunk.subarray(size) : undefined };
}

/** Sends an item of a stream. Throws `OUTPUT_INVALID` or `REPLY_TOO_LARGE`. */
export function sendItem(writer: FrameWriter, id: number, item: unknown): Sent<unknown> {
  const json = Buffer.from(stringify(item));
  writer.begin(kinds.data, id, 0);
  if (!writer.endWith(json)) throw replyTooLarge(writer);
  return { bytes: json.length, left: undefined };
}
