/** Reading what a call came to. */
import assert from "node:assert/strict";
import { type Bytes, type CantleError, isCantleError, type Reply } from "@cantle/core";

/** The value of a reply, whether it came as such or as JSON. */
export async function read(reply: Reply): Promise<unknown> {
  if (reply.kind === "value") return reply.value;
  assert.ok(reply.kind === "bytes", `a reply of kind '${reply.kind}'`);
  return reply.bytes.length === 0 ? undefined : JSON.parse(Buffer.from(reply.bytes).toString());
}

/** The CantleError that a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<CantleError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(isCantleError(error), `not coded: ${error}`);
    return error;
  }
  return assert.fail("it did not fail");
}

/** The items of a reply that has some. */
export function itemsOf(reply: Reply): AsyncIterable<unknown> {
  assert.ok(reply.kind === "items", `a reply of kind '${reply.kind}'`);
  return reply.items;
}

/** Reads on to the end. */
export async function drainOf(items: AsyncIterator<unknown>): Promise<void> {
  while (!(await items.next()).done);
}

/** All bytes of an upload or a download. */
export async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes.chunks) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
