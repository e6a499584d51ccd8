/**
 * From an exchange to a call and back: what a service's listener and the gateway do alike, once each has found out which
 * operation is meant and who asks.
 *
 * The payload stays unparsed: the serving side's inbound reads, coerces and validates it, once.
 */
import {
  type Baggage,
  Call,
  type Caller,
  CantleError,
  type Handler,
  isIdempotencyKey,
  type Operation,
  type Payload,
  type Peer,
  type Trace,
} from "@cantle/core";
import { answerReply } from "./answer.ts";
import { noBytes, readJson, readUpload } from "./body.ts";
import { type Exchange, gone } from "./exchange.ts";
import { fieldOf } from "./headers.ts";

/** What is known of a call before its body is read. */
export interface Asked {
  readonly operation: Operation;
  readonly handle: Handler;
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly peer: Peer;
  readonly caller: Caller | undefined;
  readonly trace: Trace;
  readonly baggage: Baggage | undefined;
  /** Monotonic ms; `Infinity` for none. */
  readonly deadlineMs: number;
}

/** Makes the call and answers with its reply. */
export async function serveCall(exchange: Exchange, asked: Asked): Promise<void> {
  const { operation } = asked;
  exchange.operation = operation;
  const body = takesJson(operation) ? readJson(exchange, operation.bodyBytesMax) : noBytes;
  const bytes = body instanceof Uint8Array ? body : await body;
  const payload: Payload = { kind: "http", params: asked.params, query: exchange.target.query, bytes };
  const call = new Call(operation, {
    payload,
    peer: asked.peer,
    caller: asked.caller,
    trace: asked.trace,
    baggage: asked.baggage,
    deadlineMs: asked.deadlineMs,
    idempotencyKey: keyOf(exchange),
    upload: operation.shape === "upload" ? readUpload(exchange, operation) : undefined,
  });
  exchange.call = call;
  if (exchange.request.socket.destroyed) throw gone();
  const answered = answerReply(exchange, operation, await asked.handle(call));
  if (answered !== undefined) await answered;
}

function keyOf({ request }: Exchange): string | undefined {
  const key = fieldOf(request.headers, "idempotency-key");
  if (key === undefined) return undefined;
  // Two would arrive as one, joined, which neither of them is.
  if (request.headersDistinct["idempotency-key"]?.length === 1 && isIdempotencyKey(key)) return key;
  throw new CantleError("REQUEST_MALFORMED", "an idempotency key is one of 1 to 255 printable ASCII characters");
}

/** GET, DELETE and uploads take their input from the path and the query alone; a body they have is not JSON input. */
function takesJson({ method, shape }: Operation): boolean {
  return shape !== "upload" && method !== "GET" && method !== "DELETE";
}
