/**
 * The dialling end: calls go out as requests, replies settle them.
 *
 * 1. A call settles exactly once: by its reply, its error, its cancellation, or the end of the connection.
 * 2. The number of a call is not used again for a long time, so a late frame meets nobody.
 * 3. Calls wait in `#queued` while the connection greets; those and the ones under way are at most `inFlightMax`.
 * 4. After a goaway, new calls fail with `DRAINING` and never left; those under way finish, then the connection ends.
 */
import {
  asCantleError,
  type Bytes,
  type Call,
  CantleError,
  type Handler,
  isCantleError,
  type Reply,
} from "@cantle/core";
import { CallTable } from "./call-table.ts";
import { CallerSlots } from "./caller-slots.ts";
import type { Cursor } from "./cursor.ts";
import { invalidFrame, kinds } from "./frame.ts";
import { agree, type Hello, writeHello } from "./hello.ts";
import { Inflow } from "./inflow.ts";
import { readNote, writeBaggage } from "./note.ts";
import { Outflow } from "./outflow.ts";
import type { Pipe } from "./pipe.ts";
import { readError, readReply, writeCancel, writeCredit, writeEmpty } from "./reply.ts";
import { writeRequest } from "./request.ts";
import { RouteWriter } from "./route.ts";
import { sendChunk } from "./send.ts";
import { Session, type WireOptions } from "./session.ts";

/** What a connection is dialled with. */
export interface DialOptions extends WireOptions {
  /** The token that says which unit this is; undefined for none. */
  readonly token: string | undefined;
  /** The services of this unit; the first speaks for the connection as a whole. */
  readonly services: readonly string[];
}

/** A call that waits for its reply, or whose streams are under way. */
interface Pending {
  readonly call: Call;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  /** 0 until it was sent. */
  id: number;
  unlisten: () => void;
  inflow: Inflow<unknown> | undefined;
  outflow: Outflow<Uint8Array> | undefined;
  /** What its reply stands in for, when a note said so. */
  fallback: Reply["fallback"];
}

/** One connection, from hello to its end. */
export class WireClient {
  readonly #options: DialOptions;
  readonly #session: Session;
  readonly #routes = new RouteWriter();
  readonly #callers = new CallerSlots();
  readonly #pending = new CallTable<Pending>();
  readonly #queued = new Set<Pending>();
  #lastId = 0;
  #windowBytes = 0;
  /** Why no new call is taken. */
  #leaving: CantleError | undefined;

  constructor(pipe: Pipe, options: DialOptions) {
    this.#options = options;
    this.#session = new Session(pipe, options, {
      hello: (hello) => this.#greeted(hello),
      goaway: (reason) => this.#goaway(reason),
      frame: (kind, id, cursor) => this.#frame(kind, id, cursor),
      full: quiet,
      drained: () => this.#drained(),
      closed: (reason) => this.#closed(reason),
    });
    const { limits, versions } = this.#session;
    const { token = "", services } = options;
    try {
      writeHello(this.#session.writer, { ...limits, versions, token, services });
    } catch (error) {
      this.#session.destroy(asCantleError(error));
    }
  }

  get state(): "connecting" | "open" | "draining" | "closed" {
    const { state } = this.#session;
    if (state === "greeting") return "connecting";
    if (state !== "open") return "closed";
    return this.#leaving ? "draining" : "open";
  }

  readonly handle: Handler = (call) =>
    new Promise((resolve, reject) => {
      if (call.cancelled !== undefined) return reject(reasonOf(call.cancelled));
      if (this.#leaving !== undefined) return reject(unsent(this.#leaving));
      if (this.#pending.size + this.#queued.size >= this.#session.limits.inFlightMax) return reject(tooMany());
      const pending: Pending = {
        call,
        resolve,
        reject,
        id: 0,
        unlisten: quiet,
        inflow: undefined,
        outflow: undefined,
        fallback: undefined,
      };
      pending.unlisten = call.onCancel((reason) => this.#cancel(pending, reasonOf(reason)));
      if (this.#session.state === "open") this.#send(pending);
      else this.#queued.add(pending);
    });

  /** Closes at once; what is under way fails with `UNREACHABLE`. */
  close(): void {
    this.#session.end(new CantleError("UNREACHABLE", "the connection was closed"));
  }

  #greeted(hello: Hello): void {
    const version = agree(this.#session.versions, hello.versions);
    this.#windowBytes = hello.streamWindowBytes;
    this.#session.open(hello, version);
    const queued = [...this.#queued];
    this.#queued.clear();
    for (const pending of queued) this.#send(pending);
  }

  #send(pending: Pending): void {
    const { call } = pending;
    const nowMs = call.deadlineMs === Number.POSITIVE_INFINITY ? 0 : this.#options.clock.nowMs();
    const id = this.#nextId();
    try {
      if (call.baggage !== undefined && this.#session.takesNotes) writeBaggage(this.#session.writer, id, call.baggage);
      writeRequest(this.#session.writer, id, { call, routes: this.#routes, callers: this.#callers, nowMs });
    } catch (error) {
      this.#settle(pending, error);
      return;
    }
    this.#lastId = pending.id = id;
    this.#session.writer.isBusy = this.#pending.size > 0;
    this.#pending.add(pending);
    if (call.upload !== undefined) this.#upload(pending, call.upload);
  }

  /** Numbers begin anew after four thousand million; 0 is nobody's, and a long stream keeps its own. */
  #nextId(): number {
    let id = this.#lastId;
    do id = (id + 1) >>> 0;
    while (id === 0 || this.#pending.get(id) !== undefined);
    return id;
  }

  #upload(pending: Pending, upload: Bytes): void {
    const { writer, pipe } = this.#session;
    pending.outflow = new Outflow({
      source: upload.chunks,
      windowBytes: this.#windowBytes,
      hasRoom: () => !pipe.full,
      send: (chunk) => sendChunk(writer, pending.id, chunk),
      ended: (failure) => {
        if (failure === undefined) writeEmpty(writer, kinds.end, pending.id);
        else this.#cancel(pending, failure.error);
      },
    });
    pending.outflow.wake();
  }

  #frame(kind: number, id: number, cursor: Cursor): void {
    const pending = this.#pending.get(id);
    // Frames of a call that was cancelled may still be on their way.
    if (pending === undefined) return;
    if (kind === kinds.reply) this.#reply(pending, cursor);
    else if (kind === kinds.error) this.#settle(pending, readError(cursor));
    else if (kind === kinds.credit) pending.outflow?.credit(cursor.u32());
    else if (kind === kinds.data) streamOf(pending).push(cursor.rest());
    else if (kind === kinds.note) this.#note(pending, cursor);
    else if (kind === kinds.end) {
      streamOf(pending).end();
      this.#forget(pending);
    } else throw invalidFrame("a frame that a server does not send");
  }

  #note(pending: Pending, cursor: Cursor): void {
    const note = readNote(cursor);
    if (note?.name === "fallback") pending.fallback = note.fallback;
  }

  #reply(pending: Pending, cursor: Cursor): void {
    if (pending.inflow !== undefined) throw invalidFrame("a second reply to one call");
    const reply = readReply(cursor);
    const { fallback } = pending;
    if (reply.kind === "bytes") {
      this.#forget(pending);
      pending.resolve(fallback === undefined ? reply : { ...reply, fallback });
      return;
    }
    pending.outflow?.stop();
    const { kind, retried } = reply;
    const facts = { retried, ...(fallback && { fallback }) };
    if (kind === "items") {
      pending.resolve({ kind, items: this.#inflow(pending, parseItem), ...facts });
    } else {
      const { type, size } = reply;
      const chunks = this.#inflow(pending, asIs);
      pending.resolve({ kind, download: { type, chunks, ...(size !== undefined && { size }) }, ...facts });
    }
  }

  #inflow<T>(pending: Pending, read: (bytes: Buffer) => T): Inflow<T> {
    const { writer, limits } = this.#session;
    const inflow = new Inflow<T>({
      windowBytes: limits.streamWindowBytes,
      read,
      credit: (bytes) => writeCredit(writer, pending.id, bytes),
      left: () => this.#cancel(pending, new CantleError("CANCELLED", "the reader left the stream")),
    });
    pending.inflow = inflow;
    return inflow;
  }

  /** Ends a call from this side. */
  #cancel(pending: Pending, reason: unknown): void {
    if (this.#pending.get(pending.id) === pending)
      writeCancel(this.#session.writer, pending.id, isCantleError(reason) ? reason : cancelled(reason));
    this.#settle(pending, reason, true);
  }

  /** Fails a call, or the stream of its reply. */
  #settle(pending: Pending, error: unknown, abrupt = false): void {
    this.#forget(pending);
    if (pending.inflow === undefined) pending.reject(error);
    else if (abrupt) pending.inflow.abort(error);
    else pending.inflow.fail(error);
  }

  #forget(pending: Pending): void {
    pending.unlisten();
    pending.outflow?.stop();
    this.#queued.delete(pending);
    if (this.#pending.delete(pending.id)) this.#endWhenIdle();
  }

  #drained(): void {
    for (const pending of this.#pending.list()) pending.outflow?.wake();
  }

  #goaway(reason: CantleError): void {
    if (reason.code === "DRAINING") {
      this.#leaving = reason;
      for (const pending of [...this.#queued]) this.#settle(pending, reason);
      this.#endWhenIdle();
    } else this.#session.end(asOurs(reason));
  }

  #endWhenIdle(): void {
    if (this.#leaving !== undefined && this.#pending.size === 0) this.#session.end(this.#leaving);
  }

  #closed(reason: CantleError): void {
    const error = reason.code === "FRAME_INVALID" ? malformed(reason) : reason;
    // A leaving server has broken nothing for those who come later.
    this.#leaving ??= error;
    for (const pending of [...this.#queued]) this.#settle(pending, unsent(error), true);
    for (const pending of this.#pending.list()) this.#settle(pending, error, true);
  }
}

function streamOf({ inflow }: Pending): Inflow<unknown> {
  if (inflow === undefined) throw invalidFrame("a part of a stream that did not begin");
  return inflow;
}

/** What a call that was never sent fails with: it certainly had no effect, so that anybody may send it elsewhere. */
function unsent(reason: CantleError): CantleError {
  if (reason.code !== "UNREACHABLE") return reason;
  return new CantleError("CONNECT_FAILED", "no connection could be made", { cause: reason });
}

const quiet = () => {};
const asIs = (bytes: Buffer) => bytes;

function parseItem(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new CantleError("REPLY_MALFORMED", "an item of a stream is not JSON", { cause });
  }
}

/** What a call fails with when it was cancelled: the reason itself, if it can be thrown. */
function reasonOf(reason: unknown): Error {
  return reason instanceof Error ? reason : cancelled(reason);
}

function cancelled(cause: unknown): CantleError {
  return new CantleError("CANCELLED", "the call was cancelled", { cause });
}

function tooMany(): CantleError {
  return new CantleError("OVERLOADED", "too many calls are under way on one connection");
}

function malformed(cause: CantleError): CantleError {
  return new CantleError("REPLY_MALFORMED", "the other side sent what cannot be read", { cause });
}

/** The other side refused us as a whole. What it says of our frames is our fault, and no caller's. */
function asOurs(reason: CantleError): CantleError {
  if (reason.code === "PEER_REFUSED" || reason.code === "WIRE_VERSION") return reason;
  return new CantleError("UNREACHABLE", "the other side closed the connection", { cause: reason });
}
