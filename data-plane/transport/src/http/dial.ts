/**
 * Calling over HTTP: services of ours that are placed so, and programs in other languages that keep a contract.
 *
 *     call ─▶ requestOf ─▶ upstream ─▶ 2xx ─▶ bytes, items or download
 *                              │        └▶ else ─▶ problem document ─▶ the error it was, or what the status means
 *                              └▶ no answer ─▶ CONNECT_FAILED, UNREACHABLE, REPLY_MALFORMED
 *
 * A service of ours is told who calls and which operation is meant. A foreign program is told neither: the unit's token is
 * nobody else's business. Both get the trace, the deadline, the caller's assertion and the idempotency key.
 */
import type { LookupFunction } from "node:net";
import { codecOf, essenceOf, eventsOf, eventsType, parseJson } from "@cantle/contract";
import {
  type Call,
  CantleError,
  type Clock,
  formatBaggage,
  formatTrace,
  isCantleError,
  type Operation,
  type Payload,
  type Reply,
} from "@cantle/core";
import { createLookup } from "../lookup.ts";
import type { Connection } from "../transport.ts";
import { isFallback } from "../wire/note.ts";
import * as field from "./headers.ts";
import { errorOfProblem } from "./problem.ts";
import { type RequestParts, requestWriter, type WriteRequest } from "./request-of.ts";
import { failureOfStatus } from "./status.ts";
import { createUpstream, type UpstreamAnswer, type UpstreamLimits } from "./upstream.ts";

/** Options of a way to call over HTTP. */
export interface HttpDialOptions {
  readonly clock: Clock;
  /** The token of the unit that calls; asked at every call. Absent: the other side is a foreign program. */
  readonly token?: () => string | undefined;
  readonly limits?: Partial<UpstreamLimits & ReplyLimits>;
  /** How hosts are found; default by name, with a memory of the last good addresses. */
  readonly lookup?: LookupFunction;
}

/** Limits of what is answered. */
export interface ReplyLimits {
  /** A reply that is one value. Default 16 MiB. */
  readonly replyBytesMax: number;
  /** One item of a stream, characters. Default 1 MiB. */
  readonly itemBytesMax: number;
}

const replyLimits: ReplyLimits = { replyBytesMax: 16 * 1024 * 1024, itemBytesMax: 1024 * 1024 };

/** A way to an address such as `http://127.0.0.1:4000`. Nothing is connected before the first call. */
export function dialHttp(address: string, options: HttpDialOptions): Connection {
  const { clock, token } = options;
  const limits = { ...replyLimits, ...options.limits };
  const upstream = createUpstream(address, { ...limits, lookup: options.lookup ?? createLookup({ clock }) });
  const compiled = new WeakMap<Operation, WriteRequest>();
  let state: Connection["state"] = "open";

  function compile(operation: Operation): WriteRequest {
    const write = requestWriter(operation, token === undefined ? "routed" : "named");
    compiled.set(operation, write);
    return write;
  }

  function requestOf({ operation, payload }: Call): RequestParts | Promise<never> {
    try {
      return (compiled.get(operation) ?? compile(operation))(payload);
    } catch (error) {
      return unsayable(operation, payload, error);
    }
  }

  async function handle(call: Call): Promise<Reply> {
    if (call.cancelled !== undefined) throw call.cancelled;
    if (state === "closed") throw new CantleError("CONNECT_FAILED", "the connection is closed");
    const { operation } = call;
    const request = requestOf(call);
    const { path, bytes } = request instanceof Promise ? await request : request;
    const headers = headersOf(call, clock.nowMs());
    if (token !== undefined) addPeer(headers, call, token());
    const { upload } = call;
    if (upload !== undefined) addUpload(headers, upload);
    else if (bytes.byteLength > 0) headers.push("content-type", "application/json");
    const answer = await upstream.send({
      method: operation.method,
      path,
      headers,
      body: upload?.chunks ?? (bytes.byteLength > 0 ? bytes : undefined),
      onCancel: (cancel) => call.onCancel(cancel),
    });
    if (answer.status >= 200 && answer.status <= 299) return replyOf(answer, operation, limits);
    const error = await errorOf(answer, operation, limits);
    if (error.code === "DRAINING" && state === "open") state = "draining";
    throw error;
  }

  return {
    handle,
    get state() {
      return state;
    },
    close() {
      state = "closed";
      return upstream.close();
    },
  };
}

/**
 * What a request cannot say mostly does not fit the contract either; then the answer is the one that the serving side would
 * give, as it does where the input travels in another way.
 */
async function unsayable(operation: Operation, payload: Payload, error: unknown): Promise<never> {
  if (isCantleError(error) && error.code === "INPUT_INVALID") await codecOf(operation).input(payload);
  throw error;
}

function headersOf({ trace, baggage, caller, deadlineMs, idempotencyKey }: Call, nowMs: number): string[] {
  const headers = ["traceparent", formatTrace(trace)];
  if (trace.state !== undefined) headers.push("tracestate", trace.state);
  const carried = baggage === undefined ? "" : formatBaggage(baggage);
  if (carried !== "") headers.push("baggage", carried);
  if (deadlineMs !== Number.POSITIVE_INFINITY) {
    headers.push(field.timeoutHeader, String(Math.max(0, Math.floor(deadlineMs - nowMs))));
  }
  if (caller !== undefined) headers.push(field.callerHeader, caller.assertion);
  if (idempotencyKey !== undefined) headers.push("idempotency-key", idempotencyKey);
  return headers;
}

function addPeer(headers: string[], { operation, peer }: Call, token: string | undefined): void {
  const { service, name, version } = operation;
  headers.push(field.operationHeader, `${service}.${name}@${version}`, field.serviceHeader, peer.service);
  if (token !== undefined) headers.push(field.peerHeader, token);
}

function addUpload(headers: string[], { type, size }: NonNullable<Call["upload"]>): void {
  headers.push("content-type", type);
  if (size !== undefined) headers.push("content-length", String(size));
}

async function replyOf(answer: UpstreamAnswer, operation: Operation, limits: ReplyLimits): Promise<Reply> {
  const { headers, body } = answer;
  const facts = factsOf(headers);
  const type = headers["content-type"] ?? "";
  const essence = essenceOf(type);
  if (operation.shape === "stream") {
    if (essence !== eventsType) throw unread(answer, `a stream is ${eventsType}`);
    return { kind: "items", items: itemsOf(answer, limits.itemBytesMax), ...facts };
  }
  if (operation.shape === "download") {
    const size = lengthOf(headers["content-length"]);
    return { kind: "download", download: { type, ...(size !== undefined && { size }), chunks: body }, ...facts };
  }
  const bytes = await body.bytes(limits.replyBytesMax);
  if (bytes.byteLength > 0 && essence !== "application/json") throw unread(answer, "a reply is application/json");
  return { kind: "bytes", bytes, ...facts };
}

/** What a reply says besides its content. */
function factsOf(headers: UpstreamAnswer["headers"]): Pick<Reply, "retried" | "fallback"> | undefined {
  const fallback = headers[field.fallbackHeader];
  const retried = headers[field.retriedHeader] === "1";
  if (!retried && fallback === undefined) return undefined;
  return { ...(retried && { retried }), ...(isFallback(fallback) && { fallback }) };
}

function lengthOf(text: string | string[] | undefined): number | undefined {
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function unread({ body }: UpstreamAnswer, notes: string): CantleError {
  const error = new CantleError("REPLY_MALFORMED", "the other side answered with something that cannot be read", {
    notes,
  });
  body.cancel(error);
  return error;
}

async function* itemsOf({ body }: UpstreamAnswer, itemBytesMax: number): AsyncGenerator<unknown> {
  for await (const { event, data } of eventsOf(body, itemBytesMax)) {
    const value = parseJson(Buffer.from(data), "REPLY_MALFORMED");
    if (event !== "error") yield value;
    else
      throw (
        errorOfProblem(value) ??
        new CantleError("INTERNAL", "the stream failed", { notes: "without a problem document" })
      );
  }
}

async function errorOf(answer: UpstreamAnswer, operation: Operation, limits: ReplyLimits): Promise<CantleError> {
  const bytes = await answer.body.bytes(limits.replyBytesMax);
  return failureOfStatus({ status: answer.status, headers: answer.headers, bytes }, operation);
}
