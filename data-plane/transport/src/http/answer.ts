/**
 * Answers: a reply or an error becomes a status, header fields and bytes.
 *
 * A small body leaves in one write with its head. When a request is answered before its body was read, the answer is sent
 * first and what still arrives is thrown away for a moment (`linger`), so that the client can read why; then the connection
 * is closed. Those bytes are never taken for another request.
 */
import { type Problem, printJson, problemOf, problemType } from "@cantle/contract";
import { asCantleError, CantleError, type Operation, type Reply } from "@cantle/core";
import { alarm } from "./alarm.ts";
import { answerDownload, answerItems } from "./answer-stream.ts";
import type { Exchange } from "./exchange.ts";
import { fallbackHeader, retriedHeader } from "./headers.ts";

const jsonHeader = ["content-type", "application/json; charset=utf-8"];
const problemHeader = ["content-type", problemType];
const uncachedHeader = ["cache-control", "no-store"];
const closeHeader = ["connection", "close"];
const noHeader: readonly string[] = [];
const noBytes = new Uint8Array(0);

/** Bodies up to this leave in one write with their head, as one string; larger ones are not copied. */
const oneWriteBytesMax = 16 * 1024;
/** A body up to this that nobody wants is skipped over, and the connection kept. */
const skipBytesMax = 64 * 1024;

/** Answers with what an operation replied; a stream is answered when the promise is kept. */
export function answerReply(exchange: Exchange, { status }: Operation, reply: Reply): Promise<void> | undefined {
  if (reply.retried && exchange.line.serving.inside) exchange.headers = [...exchange.headers, retriedHeader, "1"];
  if (reply.fallback !== undefined) exchange.headers = [...exchange.headers, fallbackHeader, reply.fallback];
  switch (reply.kind) {
    case "bytes":
      answerJson(exchange, status, reply.bytes);
      return undefined;
    case "value":
      answerValue(exchange, status, reply.value);
      return undefined;
    case "items":
      return answerItems(exchange, status, reply.items);
    case "download":
      return answerDownload(exchange, status, reply.download);
  }
}

/** Answers with JSON bytes, or with no body where there are none. */
function answerJson(exchange: Exchange, status: number, bytes: Uint8Array): void {
  answerBytes(exchange, { status, bytes, headers: bytes.byteLength === 0 ? noHeader : jsonHeader });
}

/** Answers with a value as JSON, or with no body where there is none. */
function answerValue(exchange: Exchange, status: number, value: unknown): void {
  const text = value === undefined ? "" : textOf(value);
  answerText(exchange, { status, text, headers: text === "" ? noHeader : jsonHeader });
}

/** An answer that is text. */
interface TextAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly text: string;
}

/** What is short is never bytes here: the socket takes text. */
function answerText(exchange: Exchange, { status, headers, text }: TextAnswer): void {
  const length = Buffer.byteLength(text);
  if (length === 0 || length > oneWriteBytesMax || isUnread(exchange)) {
    answerBytes(exchange, { status, headers, bytes: Buffer.from(text) });
    return;
  }
  const { response } = exchange;
  const close = exchange.isLast ? closeHeader : noHeader;
  response.writeHead(status, [...exchange.headers, ...headers, "content-length", String(length), ...close]);
  response.end(text);
  cutWhenStuck(exchange);
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new CantleError("OUTPUT_INVALID", "the value cannot be said as JSON", { cause });
  }
}

/** Answers with a problem document, or with what the server's hook makes of it. Does nothing once an answer has begun. */
export function answerError(exchange: Exchange, thrown: unknown): void {
  const { response, line, operation } = exchange;
  if (response.headersSent || response.destroyed) return;
  const error = asCantleError(thrown);
  // A token that ran out on its way inside is told with a challenge too (RFC 9110, 15.5.2).
  const { challenge } = line.serving;
  if (error.code === "UNAUTHENTICATED" && challenge && !exchange.headers.includes("www-authenticate"))
    exchange.headers = [...exchange.headers, "www-authenticate", challenge];
  const { retried, ...outside } = problemOf(error);
  const problem: Problem = retried && line.serving.inside ? { ...outside, retried } : outside;
  const uncached = exchange.headers.includes("cache-control") ? noHeader : uncachedHeader;
  const retry = error.retryAfterSeconds === undefined ? noHeader : ["retry-after", String(error.retryAfterSeconds)];
  const shaped = line.serving.shape?.(problem, error, operation);
  if (shaped === undefined) {
    const headers = [...problemHeader, ...uncached, ...retry];
    answerText(exchange, { status: problem.status, headers, text: textOf(problem) });
  } else {
    const own = Object.entries(shaped.headers ?? {}).flat();
    answerBytes(exchange, {
      status: shaped.status,
      bytes: printJson(shaped.body),
      headers: [...jsonHeader, ...uncached, ...retry, ...own],
    });
  }
}

/** An answer that is there as a whole. */
export interface WholeAnswer {
  readonly status: number;
  /** Besides those of the exchange; as name, value, name, value. */
  readonly headers?: readonly string[];
  readonly bytes?: Uint8Array;
}

/** Answers with a whole body, or with none. */
export function answerBytes(exchange: Exchange, answer: WholeAnswer): void {
  const { response } = exchange;
  const { status, headers = noHeader, bytes = noBytes } = answer;
  const length = status === 204 || status === 304 ? noHeader : ["content-length", String(bytes.byteLength)];
  const unread = isUnread(exchange);
  const close = unread || exchange.isLast ? closeHeader : noHeader;
  response.writeHead(status, [...exchange.headers, ...headers, ...length, ...close]);
  if (unread) {
    linger(exchange, bytes);
    return;
  }
  if (bytes.byteLength === 0) response.end();
  else if (bytes.byteLength <= oneWriteBytesMax) response.end(latin1(bytes), "latin1");
  else response.end(bytes);
  cutWhenStuck(exchange);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** An answer that did not leave at once is looked at again when its client has had time to read it. */
export function cutWhenStuck({ response, request, line }: Exchange): void {
  if (request.socket.writableLength === 0) return;
  const { clock, deadlines, limits } = line.serving;
  alarm(deadlines, clock.nowMs() + limits.sendTimeoutMs, () => {
    if (!response.writableFinished) response.destroy();
  });
}

/** True when a body is still to come that nobody wants, and that is too long or too uncertain to be just skipped over. */
function isUnread(exchange: Exchange): boolean {
  if (exchange.request.complete || !exchange.hasBody) return false;
  return exchange.bodyBytes === 0 || exchange.bodyBytes > skipBytesMax || exchange.expectsContinue;
}

/** Sends the answer, throws away what still arrives for a moment, and closes. */
function linger({ request, response, line }: Exchange, bytes: Uint8Array): void {
  const { clock, limits } = line.serving;
  line.refused = true;
  let left = limits.lingerBytesMax;
  const timer = clock.after(limits.lingerMs, finish);
  function finish(): void {
    timer.cancel();
    request.removeListener("data", discard).removeListener("end", finish).removeListener("close", finish);
    response.end();
  }
  function discard(chunk: Buffer): void {
    left -= chunk.length;
    if (left <= 0) finish();
  }
  if (bytes.length === 0) response.flushHeaders();
  else response.write(bytes);
  request.on("data", discard).on("end", finish).on("close", finish).resume();
}
