/**
 * The request frame: everything that a call carries, and no JSON until the body.
 *
 *     u8       flags: 1 the payload is the parts of an HTTP request · 2 sampled · 4 trace state · 8 idempotency key
 *                     16 caller · 32 an upload follows as data frames
 *     u32      what is left of the deadline in ms when it was sent; 0xffffffff for none
 *     16 bytes trace id, 8 bytes span id; all zero for none
 *     u16      length of the route in bytes, then the route:
 *              text8 calling service · text8 called service · text8 operation · text8 contract version of the caller
 *     text16   trace state        (flag 4)
 *     text16   idempotency key    (flag 8)
 *     u8 text16 slot, and the caller's assertion to keep in it; empty: the one that is there (flag 16)
 *     text16   media type, u64 size or all ones for unknown        (flag 32)
 *     u8 × …   path parameters: a count, then text8 name and text16 value for each; text16 query  (flag 1)
 *     rest     the body as UTF-8 JSON; empty is {}
 *
 * The route is the same bytes for every call of an operation. So it is encoded once, and the reader knows it again as a whole.
 */
import { type Call, CantleError, type Payload, type Trace } from "@cantle/core";
import { type CallerSlots, readCaller } from "./caller-slots.ts";
import type { Cursor } from "./cursor.ts";
import { kinds } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { Route, RouteReader, RouteWriter } from "./route.ts";

/** What a request frame says. */
export interface Request {
  readonly route: Route;
  /** What is left of the deadline; `Infinity` for none. */
  readonly leftMs: number;
  /** Absent where the peer sent none. */
  readonly trace: Trace | undefined;
  readonly idempotencyKey: string | undefined;
  readonly assertion: string | undefined;
  readonly upload: { readonly type: string; readonly size: number | undefined } | undefined;
  readonly payload: Payload;
}

const flag = Object.freeze({ http: 1, sampled: 2, state: 4, key: 8, caller: 16, upload: 32 });
const fixedBytes = 1 + 4 + 16 + 8 + 2;
const noDeadline = 0xffffffff;
const text16Max = 0xffff;
const paramsMax = 255;
const noTrace = "0".repeat(32);

/**
 * Writes a request. Throws `INPUT_INVALID` for a value that JSON cannot say, `HEADERS_TOO_LARGE` for a field that does not fit
 * its length and `BODY_TOO_LARGE` for a frame that the peer does not take; nothing was written then.
 */
export function writeRequest(writer: FrameWriter, id: number, { call, routes, callers, nowMs }: Outgoing): void {
  const { payload, trace, idempotencyKey: key, upload } = call;
  const assertion = call.caller?.assertion;
  const slot = assertion ? callers.find(assertion) : undefined;
  const route = routes.encode(call);
  const body = payload.kind === "value" ? call.valueText() : payload.bytes;
  const flags =
    (payload.kind === "http" ? flag.http : 0) |
    (trace.sampled ? flag.sampled : 0) |
    (trace.state ? flag.state : 0) |
    (key !== undefined ? flag.key : 0) |
    (assertion ? flag.caller : 0) |
    (upload ? flag.upload : 0);
  // Most calls have none of the long fields; those that do are measured once more than they need.
  const long = flags & ~flag.sampled ? longBytes(call) : 0;
  writer.begin(kinds.request, id, fixedBytes + route.length + long);
  writer.u8(flags);
  writer.u32(call.deadlineMs === Number.POSITIVE_INFINITY ? noDeadline : leftOf(call.deadlineMs - nowMs));
  writer.hex(trace.traceId, 16);
  writer.hex(trace.spanId, 8);
  writer.u16(route.length);
  writer.raw(route);
  if (trace.state) writer.text16(trace.state);
  if (key !== undefined) writer.text16(key);
  if (assertion) {
    writer.u8(slot ?? callers.next);
    writer.text16(slot === undefined ? assertion : "");
  }
  if (upload) {
    writer.text16(upload.type);
    writer.size(upload.size);
  }
  if (payload.kind === "http") writeParts(writer, payload);
  if (!(typeof body === "string" ? writer.endWithText(body) : writer.endWith(body)))
    throw new CantleError("BODY_TOO_LARGE", `the input is over ${writer.frameBytesMax} bytes, the most of one frame`);
  if (assertion && slot === undefined) callers.put(assertion);
}

/** A call on its way out. */
export interface Outgoing {
  readonly call: Call;
  readonly routes: RouteWriter;
  readonly callers: CallerSlots;
  readonly nowMs: number;
}

/** What the serving end remembers of a connection's requests. */
export interface Incoming {
  readonly routes: RouteReader;
  readonly callers: (string | undefined)[];
}

/** Reads a request. Throws `FRAME_INVALID`. */
export function readRequest(cursor: Cursor, { routes, callers }: Incoming): Request {
  const flags = cursor.u8();
  const left = cursor.u32();
  const ids = cursor.hex(24);
  const route = routes.read(cursor);
  const state = flags & flag.state ? cursor.text16() : undefined;
  const idempotencyKey = flags & flag.key ? cursor.text16() : undefined;
  const assertion = flags & flag.caller ? readCaller(cursor, callers) : undefined;
  const upload = flags & flag.upload ? { type: cursor.text16(), size: cursor.size() } : undefined;
  return {
    route,
    leftMs: left === noDeadline ? Number.POSITIVE_INFINITY : left,
    trace: traceOf(ids, (flags & flag.sampled) !== 0, state),
    idempotencyKey,
    assertion,
    upload,
    payload: flags & flag.http ? readParts(cursor) : { kind: "bytes", bytes: cursor.rest() },
  };
}

function traceOf(ids: string, sampled: boolean, state: string | undefined): Trace | undefined {
  const traceId = ids.slice(0, 32);
  if (traceId === noTrace) return undefined;
  const spanId = ids.slice(32);
  return state ? { traceId, spanId, sampled, state } : { traceId, spanId, sampled };
}

/** Rounded down, so that no hop has longer than the one before. */
function leftOf(leftMs: number): number {
  return Math.max(0, Math.min(noDeadline - 1, Math.floor(leftMs)));
}

/** The bytes that the long fields need at most. */
function longBytes({ payload, trace, idempotencyKey, caller, upload }: Call): number {
  const slotAndSize = 1 + 8;
  const bytes =
    slotAndSize + needed(trace.state) + needed(idempotencyKey) + needed(caller?.assertion) + needed(upload?.type);
  if (payload.kind !== "http") return bytes;
  const params = Object.entries(payload.params);
  if (params.length > paramsMax) throw tooLarge();
  return params.reduce((sum, [name, value]) => sum + needed(name) + needed(value), bytes + 1 + needed(payload.query));
}

function needed(text: string | undefined): number {
  if (text === undefined) return 0;
  // Shorter ones that are too long are found when they are written.
  if (text.length > text16Max) throw tooLarge();
  return 2 + text.length * 3;
}

function tooLarge(): CantleError {
  return new CantleError("HEADERS_TOO_LARGE", "a field of a call is too long to be sent");
}

function writeParts(writer: FrameWriter, payload: Payload & { kind: "http" }): void {
  const params = Object.entries(payload.params);
  writer.u8(params.length);
  for (const [name, value] of params) {
    writer.text8(name);
    writer.text16(value);
  }
  writer.text16(payload.query);
}

function readParts(cursor: Cursor): Payload {
  // Without a prototype, a parameter called `__proto__` is a parameter.
  const params: Record<string, string> = Object.create(null);
  for (let left = cursor.u8(); left > 0; left--) params[cursor.text8()] = cursor.text16();
  return { kind: "http", params, query: cursor.text16(), bytes: cursor.rest() };
}
