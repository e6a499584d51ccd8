/**
 * The served end of one connection: requests come in, handlers answer.
 *
 * 1. Nothing is served before the peer's token was found good; each service that it speaks for is asked for once.
 * 2. A call that was cancelled, whose client went away or that the connection outlived is told to its handler, and nothing of it
 *    is sent any more. It counts as under way until its handler has ended.
 * 3. At most `inFlightMax` calls are under way; more are `OVERLOADED`. While leaving, new ones are `DRAINING`. Neither was entered.
 * 4. While the client does not read its replies, no more requests are read.
 */
import {
  asCantleError,
  type Baggage,
  type Bytes,
  Call,
  type Caller,
  CantleError,
  newTrace,
  type Peer,
  type Random,
  type Reply,
  within,
} from "@cantle/core";
import type { Doors } from "../transport.ts";
import { CallTable } from "./call-table.ts";
import type { Cursor } from "./cursor.ts";
import { invalidFrame, kinds } from "./frame.ts";
import { agree, type Hello, writeHello } from "./hello.ts";
import { Inflow } from "./inflow.ts";
import { readNote, writeFallback } from "./note.ts";
import { Outflow, type Sent } from "./outflow.ts";
import { Peers } from "./peers.ts";
import type { Pipe } from "./pipe.ts";
import { readCancel, writeCredit, writeEmpty, writeError, writeGoaway, writeReply } from "./reply.ts";
import { type Request, readRequest } from "./request.ts";
import { type Route, RouteReader } from "./route.ts";
import { sendChunk, sendItem } from "./send.ts";
import { letGo, ServedCall } from "./served-call.ts";
import { Session, type WireOptions } from "./session.ts";

/** What a connection is served with. */
export interface ServeOptions extends WireOptions {
  /** For the traces of calls that arrive without one. */
  readonly random: Random;
}

/** One connection that is served, until it ends. */
export class WireServer {
  readonly #doors: Doors;
  readonly #options: ServeOptions;
  readonly #session: Session;
  readonly #known = { routes: new RouteReader(), callers: [] as (string | undefined)[] };
  readonly #peers: Peers;
  readonly #calls = new CallTable<ServedCall>();
  readonly #ended: () => void;
  #windowBytes = 0;
  /** What a note said of the request that follows it. */
  #noted: { readonly id: number; readonly baggage: Baggage } | undefined;
  /** Calls whose handlers run or whose streams flow, the cancelled ones included. */
  #inFlight = 0;
  #leaving = false;
  #idle: (() => void)[] = [];
  /** The connection has ended. */
  readonly #gone = Promise.withResolvers<void>();

  constructor(pipe: Pipe, doors: Doors, options: ServeOptions & { readonly ended: () => void }) {
    this.#doors = doors;
    this.#peers = new Peers(doors);
    this.#options = options;
    this.#ended = options.ended;
    this.#session = new Session(pipe, options, {
      hello: (hello) => this.#greet(hello),
      goaway: (reason) => this.#session.end(reason),
      frame: (kind, id, cursor) => this.#frame(kind, id, cursor),
      full: () => pipe.pause(),
      drained: () => this.#drained(),
      closed: (reason) => this.#closed(reason),
    });
  }

  /** Takes no new calls, and resolves when those under way have ended and the connection has too. */
  async drain(): Promise<void> {
    if (!this.#leaving) {
      this.#leaving = true;
      writeGoaway(this.#session.writer, draining());
    }
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    // The client ends the connection, when all its calls are answered: a request that the goaway met on its way is told DRAINING, and may be
    // sent elsewhere. Had it found the connection closed, nobody could say whether it was handled.
    if (this.#session.state === "open")
      await within(this.#options.clock, this.#session.limits.closeTimeoutMs, this.#gone.promise);
    this.#session.end(draining());
  }

  /** Ends the connection now; calls under way are cancelled. */
  close(reason: CantleError): void {
    this.#session.fail(reason);
  }

  #greet(hello: Hello): void {
    const version = agree(this.#session.versions, hello.versions);
    this.#peers.token = hello.token === "" ? undefined : hello.token;
    this.#windowBytes = hello.streamWindowBytes;
    const answer = () => {
      if (this.#session.state !== "greeting") return;
      this.#session.open(hello, version);
      const services = [...new Set(this.#doors.list().map(({ operation }) => operation.service))];
      writeHello(this.#session.writer, { ...this.#session.limits, versions: [version], token: "", services });
      if (this.#leaving) writeGoaway(this.#session.writer, draining());
    };
    const peer = this.#peers.of(hello.services[0] ?? "");
    if (peer instanceof Promise) peer.then(answer, (error) => this.#session.fail(asCantleError(error)));
    else answer();
  }

  #frame(kind: number, id: number, cursor: Cursor): void {
    if (kind === kinds.request) {
      this.#request(id, cursor);
      return;
    }
    if (kind === kinds.note) {
      const note = readNote(cursor);
      if (note?.name === "baggage") this.#noted = { id, baggage: note.baggage };
      return;
    }
    const served = this.#calls.get(id);
    // Frames of a call that is over may still be on their way.
    if (served === undefined) return;
    if (kind === kinds.credit) served.outflow?.credit(cursor.u32());
    else if (kind === kinds.cancel) this.#cancel(served, readCancel(cursor));
    else if (kind === kinds.data) served.uploadInflow.push(cursor.rest());
    else if (kind === kinds.end) served.uploadInflow.end();
    else throw invalidFrame("a frame that a client does not send");
  }

  #request(id: number, cursor: Cursor): void {
    const request = readRequest(cursor, this.#known);
    const baggage = this.#noted?.id === id ? this.#noted.baggage : undefined;
    this.#noted = undefined;
    if (id === 0 || this.#calls.get(id) !== undefined) throw invalidFrame(`call ${id} is under way already`);
    const { writer, limits } = this.#session;
    if (this.#leaving || this.#inFlight >= limits.inFlightMax) {
      writeError(writer, id, this.#leaving ? draining() : overloaded());
      return;
    }
    const served = new ServedCall(id, baggage);
    if (request.upload !== undefined) served.upload = this.#upload(served, request.upload);
    this.#calls.add(served);
    this.#inFlight++;
    this.#session.writer.isBusy = this.#inFlight > 1;
    void this.#serve(served, request);
  }

  #upload(served: ServedCall, { type, size }: NonNullable<Request["upload"]>): Bytes {
    const inflow = new Inflow<Uint8Array>({
      windowBytes: this.#session.limits.streamWindowBytes,
      read: (bytes) => bytes,
      credit: (bytes) => this.#isWaited(served) && writeCredit(this.#session.writer, served.id, bytes),
      // A handler may answer without reading all; the reply tells the client to stop.
      left: () => {},
    });
    served.inflow = inflow;
    return { type, chunks: inflow, ...(size !== undefined && { size }) };
  }

  async #serve(served: ServedCall, request: Request): Promise<void> {
    try {
      const reply = await this.#enter(served, request);
      if (served.cancelled === undefined && reply !== undefined) this.#reply(served, reply);
      else {
        letGo(reply);
        this.#done(served);
      }
    } catch (error) {
      this.#refuse(served, error);
    }
  }

  /** The way from a request to its handler. Answers with nothing when it was cancelled before it got there. */
  #enter(served: ServedCall, request: Request): Promise<Reply | undefined> | undefined {
    const { route, assertion } = request;
    const peer = this.#peers.of(route.peer);
    const caller = assertion === undefined ? undefined : this.#doors.callerOf(assertion);
    // Both are known from before as a rule, and then nothing waits.
    if (!(peer instanceof Promise) && !(caller instanceof Promise))
      return this.#handle(served, request, { peer, caller });
    return Promise.all([peer, caller]).then(([peer, caller]) => {
      if (served.cancelled === undefined) return this.#handle(served, request, { peer, caller });
    });
  }

  #handle(served: ServedCall, request: Request, who: { peer: Peer; caller: Caller | undefined }): Promise<Reply> {
    const { route, payload, leftMs, idempotencyKey } = request;
    const door = this.#doors.find(route.service, route.operation, route.version);
    if (door === undefined) throw unknown(route);
    const { clock, random } = this.#options;
    const call = new Call(door.operation, {
      payload,
      peer: who.peer,
      caller: who.caller,
      trace: request.trace ?? newTrace(random),
      deadlineMs: leftMs === Number.POSITIVE_INFINITY ? leftMs : clock.nowMs() + leftMs,
      idempotencyKey,
      baggage: served.baggage,
      upload: served.upload,
    });
    served.call = call;
    return door.handle(call);
  }

  #reply(served: ServedCall, reply: Reply): void {
    if (reply.fallback !== undefined && this.#session.takesNotes)
      writeFallback(this.#session.writer, served.id, reply.fallback);
    writeReply(this.#session.writer, served.id, reply);
    if (reply.kind === "items") this.#flow(served, reply.items, sendItem);
    else if (reply.kind === "download") this.#flow(served, reply.download.chunks, sendChunk);
    else this.#done(served);
  }

  #flow<T>(
    served: ServedCall,
    source: AsyncIterable<T>,
    send: (writer: Session["writer"], id: number, item: T) => Sent<T>,
  ): void {
    const { writer, pipe } = this.#session;
    const flow = new Outflow<T>({
      source,
      windowBytes: this.#windowBytes,
      hasRoom: () => !pipe.full,
      send: (item) => send(writer, served.id, item),
      ended: (failure) => {
        unlisten();
        if (failure === undefined) {
          writeEmpty(writer, kinds.end, served.id);
          this.#done(served);
        } else this.#refuse(served, failure.error);
      },
    });
    served.outflow = flow;
    // From inside: the deadline passed, for instance. From outside, `#cancel` has seen to it.
    const unlisten = served.call!.onCancel((reason) => {
      flow.stop();
      this.#refuse(served, reason);
    });
    flow.wake();
  }

  #refuse(served: ServedCall, error: unknown): void {
    if (served.cancelled === undefined) writeError(this.#session.writer, served.id, asCantleError(error));
    this.#done(served);
  }

  /** The handler has ended and everything was sent. */
  #done(served: ServedCall): void {
    if (this.#isWaited(served)) this.#calls.delete(served.id);
    served.inflow?.abort(new CantleError("CANCELLED", "the call is over"));
    this.#inFlight--;
    if (this.#inFlight > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** Whether the client waits for it still; the number of one that it cancelled may be another's by now. */
  #isWaited(served: ServedCall): boolean {
    return this.#calls.get(served.id) === served;
  }

  /** Nobody waits for this call any more. */
  #cancel(served: ServedCall, reason: CantleError): void {
    this.#calls.delete(served.id);
    served.cancel(reason);
  }

  #drained(): void {
    this.#session.pipe.resume();
    for (const served of this.#calls.list()) served.outflow?.wake();
  }

  #closed(reason: CantleError): void {
    const gone = new CantleError("CANCELLED", "the caller went away", { cause: reason });
    for (const served of this.#calls.list()) this.#cancel(served, gone);
    this.#gone.resolve();
    this.#ended();
  }
}

function draining(): CantleError {
  return new CantleError("DRAINING", "the instance is leaving and takes no new calls");
}

function overloaded(): CantleError {
  return new CantleError("OVERLOADED", "too many calls are under way on one connection");
}

function unknown({ service, operation }: Route): CantleError {
  return new CantleError("OPERATION_UNKNOWN", `there is no operation '${operation}' of '${service}' here`);
}
