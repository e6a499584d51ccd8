/**
 * From a `Response` to a reply: the second half of a call over `fetch`.
 *
 *     2xx, one value      read whole, at most `replyBytesMax`; parsed by the client
 *     2xx, a stream       items as they come, until the body ends or an `error` event tells why it cannot go on
 *     2xx, a download     its bytes as they come
 *     anything else       a problem, thrown
 *
 * A body is cancelled when whoever reads it stops early, so that no connection is left hanging.
 */
import { type Bytes, CantleError, type Operation, operationId, type Reply } from "@cantle/core";
import { parseJson } from "./json.ts";
import type { Patience } from "./patience.ts";
import { errorOfProblem, problemType } from "./problem.ts";
import { eventsOf } from "./server-sent-events.ts";

/** What a reply is read for. */
export interface Reading {
  readonly operation: Operation;
  /** Largest JSON body, bytes. */
  readonly replyBytesMax: number;
  readonly patience: Patience;
}

const problemBytesMax = 1024 * 1024;

/** The reply that a response is. Throws what it tells of, and `REPLY_MALFORMED` for what it cannot be. */
export async function replyOf(response: Response, reading: Reading): Promise<Reply> {
  const { operation, patience } = reading;
  if (!response.ok) throw await errorOf(response, operation);
  switch (operation.shape) {
    case "stream":
      await expectType(response, operation, "text/event-stream");
      patience.begun();
      return { kind: "items", items: itemsOf(response, reading) };
    case "download":
      patience.begun();
      return { kind: "download", download: downloadOf(response, reading) };
    default:
      return oneValueOf(response, reading);
  }
}

async function oneValueOf(response: Response, { operation, patience, replyBytesMax }: Reading): Promise<Reply> {
  if ((operation as { output?: unknown }).output === undefined || response.status === 204) {
    await response.body?.cancel();
    patience.end();
    return { kind: "value", value: undefined };
  }
  await expectType(response, operation, "application/json");
  const bytes = await readAll(response, replyBytesMax);
  patience.end();
  return { kind: "bytes", bytes };
}

function downloadOf(response: Response, reading: Reading): Bytes {
  const type = response.headers.get("content-type") ?? "application/octet-stream";
  return { type, ...sizeOf(response), chunks: guarded(response, reading) };
}

async function* itemsOf(response: Response, reading: Reading): AsyncGenerator<unknown, void, undefined> {
  for await (const { event, data } of eventsOf(guarded(response, reading))) {
    if (event === "message") yield parsed(data);
    if (event === "error")
      throw errorOfProblem(parsed(data), { operation: reading.operation, status: statusIn(parsed(data)) });
  }
}

/** The chunks of a body whose failures are ours, and after which the call is over. */
async function* guarded(response: Response, { patience }: Reading): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunksOf(response.body);
  } catch (error) {
    throw patience.errorOf(error);
  } finally {
    patience.end();
  }
}

/** The chunks of a web stream. Not every browser can iterate one. */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array> | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (stream === null) return;
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Of a body that is at its end or broken there is nothing left to cancel.
    await reader.cancel().catch(() => {});
  }
}

async function readAll(response: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response.body as ReadableStream<Uint8Array> | null)) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > bytesMax) throw new CantleError("REPLY_TOO_LARGE", `the reply is larger than ${bytesMax} bytes`);
  }
  const [only] = chunks;
  if (chunks.length === 1 && only) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

async function errorOf(response: Response, operation: Operation): Promise<CantleError> {
  const source = { operation, status: response.status, retryAfter: response.headers.get("retry-after") };
  if (typeOf(response) !== problemType) {
    await response.body?.cancel();
    return errorOfProblem(undefined, source);
  }
  const bytes = await readAll(response, problemBytesMax);
  try {
    return errorOfProblem(parsed(bytes), source);
  } catch {
    return errorOfProblem(undefined, source);
  }
}

/** A page where data should be: most often another server at that address. */
async function expectType(response: Response, operation: Operation, expected: string): Promise<void> {
  const type = typeOf(response);
  if (type === expected) return;
  await response.body?.cancel();
  throw new CantleError(
    "REPLY_MALFORMED",
    `${operationId(operation)} answered with '${type}' where '${expected}' was expected`,
    { status: response.status },
  );
}

function typeOf(response: Response): string {
  return (response.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

/** The length, where the header counts the same bytes that arrive here. */
function sizeOf(response: Response): { size?: number } {
  const length = response.headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) && !response.headers.has("content-encoding") ? { size: Number(length) } : {};
}

const encoder = new TextEncoder();

function parsed(text: string | Uint8Array): unknown {
  return parseJson(typeof text === "string" ? encoder.encode(text) : text, "REPLY_MALFORMED");
}

function statusIn(problem: unknown): number {
  const status = (problem as { status?: unknown } | null)?.status;
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599 ? (status as number) : 500;
}
