/**
 * From a contract to functions: `client.read({ id })`.
 *
 * The loop below is the one place of the package where a derived type is asserted instead of checked: the functions are
 * made by walking the same descriptor that the type is mapped from.
 */
import { type Bytes, CantleError, type Operation, type Reply } from "@cantle/core";
import { parseJson } from "./json.ts";
import type { BytesSource, CallOptions, Client, Contract } from "./types.ts";

/** Sends one call of one operation and answers with the reply, however that is done. */
export type Send = (
  operation: Operation,
) => (input: unknown, options: CallOptions | undefined, upload: Bytes | undefined) => Promise<Reply>;

/** A client of all operations of a contract over a way to send. */
export function clientOf<C extends Contract<string, any>>(contract: C, send: Send): Client<C> {
  const client: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(contract.operations) as [string, Operation][])
    client[name] = functionOf(operation, send);
  return Object.freeze(client) as Client<C>;
}

function functionOf(operation: Operation, send: Send): unknown {
  const sendOne = send(operation);
  if (operation.shape === "upload") {
    return async (input: unknown, upload: BytesSource, options?: CallOptions) =>
      outputOf(await sendOne(input, options, bytesOf(upload)));
  }
  return (input: unknown, options?: CallOptions) => sendOne(input, options, undefined).then(outputOf);
}

/** What a reply says, parsed where it is bytes. */
export function outputOf(reply: Reply): unknown {
  switch (reply.kind) {
    case "value":
      return reply.value;
    case "bytes":
      return reply.bytes.byteLength === 0 ? undefined : parseJson(reply.bytes, "REPLY_MALFORMED");
    case "items":
      return reply.items;
    case "download":
      return reply.download;
  }
}

/** Bytes from what people have: a buffer, a Blob or File, or bytes already. */
export function bytesOf(source: BytesSource): Bytes {
  if (source instanceof Uint8Array)
    return { type: "application/octet-stream", size: source.byteLength, chunks: once(source) };
  if (typeof Blob === "function" && source instanceof Blob) {
    return {
      type: source.type || "application/octet-stream",
      size: source.size,
      chunks: source.stream() as unknown as AsyncIterable<Uint8Array>,
    };
  }
  if (typeof (source as Bytes | undefined)?.chunks?.[Symbol.asyncIterator] !== "function") {
    throw new CantleError("INPUT_INVALID", "an upload takes bytes: a Uint8Array, a Blob, or { type, chunks }");
  }
  return source as Bytes;
}

async function* once(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}
