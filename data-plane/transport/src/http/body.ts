/**
 * Request bodies: JSON is buffered up to a limit, uploads flow through with a limit. Neither is parsed here.
 *
 * A body that is too large is refused as soon as that is known: by its Content-Length before anything is read, or at the
 * chunk that goes over.
 */

import { type BytesSpec, essenceOf, isAmong } from "@cantle/contract";
import { type Bytes, CantleError, type Operation } from "@cantle/core";
import { alarm } from "./alarm.ts";
import { type Exchange, gone } from "./exchange.ts";
import { isJson } from "./media-type.ts";

/** No bytes at all. */
export const noBytes = new Uint8Array(0);

/** The JSON body of a request, unparsed; no bytes where there is none. Throws 413 and 415 before anything is read. */
export function readJson(exchange: Exchange, bytesMax: number): Uint8Array | Promise<Uint8Array> {
  if (!exchange.hasBody) return noBytes;
  const { "content-type": type, "content-encoding": encoding } = exchange.request.headers;
  if (!isJson(type)) throw unsupported("the body is sent as application/json");
  if (encoding !== undefined) throw unsupported("the body is sent without a content coding");
  return readBytes(exchange, bytesMax);
}

/** A whole body. */
export function readBytes(exchange: Exchange, bytesMax: number): Promise<Uint8Array> {
  if (exchange.bodyBytes > bytesMax) throw tooLarge(bytesMax);
  const { request, line } = exchange;
  const { clock, deadlines, limits } = line.serving;
  exchange.takeBody();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const forget = alarm(deadlines, clock.nowMs() + limits.bodyTimeoutMs, () => {
      line.refused = true;
      settle(() => reject(tooSlow()));
    });
    function settle(act: () => void): void {
      forget();
      request.removeListener("data", onData).removeListener("end", onEnd).removeListener("close", onClose);
      act();
    }
    function onData(chunk: Buffer): void {
      length += chunk.length;
      if (length <= bytesMax) chunks.push(chunk);
      else settle(() => reject(tooLarge(bytesMax)));
    }
    function onEnd(): void {
      settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
    }
    function onClose(): void {
      settle(() => reject(gone()));
    }
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/** The body of an upload, as it arrives. Throws 413 and 415 before anything is read. */
export function readUpload(exchange: Exchange, operation: Operation): Bytes {
  const bytesMax = operation.uploadBytesMax;
  const { "content-type": type = "application/octet-stream", "content-encoding": encoding } = exchange.request.headers;
  const essence = essenceOf(type);
  const { types = ["*/*"] } = (operation as Operation & { readonly upload?: BytesSpec }).upload ?? {};
  if (essence === undefined || !isAmong(essence, types)) throw unsupported(`this operation takes ${types.join(", ")}`);
  if (encoding !== undefined) throw unsupported("the body is sent without a content coding");
  if (exchange.bodyBytes > bytesMax) throw tooLarge(bytesMax);
  const counted = exchange.request.headers["transfer-encoding"] === undefined;
  return { type, ...(counted && { size: exchange.bodyBytes }), chunks: chunksOf(exchange, bytesMax) };
}

/** The chunks of a body as the reader asks for them; leaving early leaves the connection whole. */
export async function* chunksOf(exchange: Exchange, bytesMax: number): AsyncGenerator<Uint8Array> {
  if (!exchange.hasBody) return;
  exchange.takeBody();
  let length = 0;
  try {
    for await (const chunk of exchange.request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw error instanceof CantleError ? error : gone();
  }
}

function tooLarge(bytesMax: number): CantleError {
  return new CantleError("BODY_TOO_LARGE", `the body is at most ${bytesMax} bytes`);
}

function unsupported(message: string): CantleError {
  return new CantleError("MEDIA_TYPE_UNSUPPORTED", message);
}

function tooSlow(): CantleError {
  return new CantleError("REQUEST_MALFORMED", "the body did not arrive in time", { status: 408 });
}
