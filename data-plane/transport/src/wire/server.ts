/**
 * The serving end of one connection: requests come in, handlers answer.
 *
 * 1. Nothing is served before the peer's token was found good; each service that it speaks for is asked for once.
 * 2. A call that was cancelled, whose client went away or that the connection outlived is told to its handler, and nothing of it
 *    is sent any more. It counts as under way until its handler has ended.
 * 3. At most `inFlightMax` calls are under way; more are `OVERLOADED`. While leaving, new ones are `DRAINING`. Neither was entered.
 * 4. While the client does not read its replies, no more requests are read.
 */
import {
  asCantleError,
  Call,
  type Caller,
  CantleError,
  newTrace,
  type Peer,
  type Random,
  type Reply,
} from "@cantle/core";
import type { Doors } from "../transport.ts";
import { CallTable } from "./call-table.ts";
import type { Cursor } from "./cursor.ts";
import { invalidFrame, kinds } from "./frame.ts";
import { agree, type Hello, writeHello } from "./hello.ts";
import { Inflow } from "./inflow.ts";
import { Outflow, type Sent } from "./outflow.ts";
import type { Pipe } from "./pipe.ts";
import { readCancel, writeCredit, writeEmpty, writeError, writeGoaway, writeReply } from "./reply.ts";
import { type Request, readRequest } from "./request.ts";
import { type Route, RouteReader } from "./route.ts";
import { sendChunk, sendItem } from "./send.ts";
import { Session, type WireOptions } from "./session.ts";

/** What a connection is served with. */
export interface ServeOptions extends WireOptions {
  /** For the traces of calls that arrive without one. */
  readonly random: Random;
}

/** A call that is served. */
interface Serving {
  readonly id: number;
  call: Call | undefined;
  /** Why nobody waits for it any more. */
  cancelled: CantleError | undefined;
  inflow: Inflow<Uint8Array> | undefined;
  outflow: { credit(bytes: number): void; wake(): void; stop(): void } | undefined;
}

const peersMax = 256;

/** One connection that is served, until it ends. */
export class WireServer {
  readonly #doors: Doors;
  readonly #options: ServeOptions;
  readonly #session: Session;
  readonly #known = { routes: new RouteReader(), callers: [] as (string | undefined)[] };
  readonly #peers = new Map<string, Peer | Promise<Peer>>();
  readonly #serving = new CallTable<Serving>();
  readonly #ended: () => void;
  #token: string | undefined;
  #windowBytes = 0;
  /** Calls whose handlers run or whose streams flow, the cancelled ones included. */
  #inFlight = 0;
  #leaving = false;
  #idle: (() => void)[] = [];

  constructor(pipe: Pipe, doors: Doors, options: ServeOptions & { readonly ended: () => void }) {
    this.#doors = doors;
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
    this.#session.end(draining());
  }

  /** Ends the connection now; calls under way are cancelled. */
  close(reason: CantleError): void {
    this.#session.fail(reason);
  }

  #greet(hello: Hello): void {
    const version = agree(this.#session.versions, hello.versions);
    this.#token = hello.token === "" ? undefined : hello.token;
    this.#windowBytes = hello.streamWindowBytes;
    const answer = () => {
      if (this.#session.state !== "greeting") return;
      this.#session.open(hello);
      const services = [...new Set(this.#doors.list().map(({ operation }) => operation.service))];
      writeHello(this.#session.writer, { ...this.#session.limits, versions: [version], token: "", services });
      if (this.#leaving) writeGoaway(this.#session.writer, draining());
    };
    const peer = this.#peerOf(hello.services[0] ?? "");
    if (peer instanceof Promise) peer.then(answer, (error) => this.#session.fail(asCantleError(error)));
    else answer();
  }

  #peerOf(service: string): Peer | Promise<Peer> {
    const known = this.#peers.get(service);
    if (known !== undefined) return known;
    if (this.#peers.size >= peersMax) throw new CantleError("PEER_REFUSED", "one peer speaks for too many services");
    const peer = this.#doors.peerOf(this.#token, service);
    this.#peers.set(service, peer);
    if (peer instanceof Promise)
      peer.then(
        (found) => this.#peers.set(service, found),
        () => {},
      );
    return peer;
  }

  #frame(kind: number, id: number, cursor: Cursor): void {
    if (kind === kinds.request) {
      this.#request(id, cursor);
      return;
    }
    const serving = this.#serving.get(id);
    // Frames of a call that is over may still be on their way.
    if (serving === undefined) return;
    if (kind === kinds.credit) serving.outflow?.credit(cursor.u32());
    else if (kind === kinds.cancel) this.#cancel(serving, readCancel(cursor));
    else if (kind === kinds.data) uploadOf(serving).push(cursor.rest());
    else if (kind === kinds.end) uploadOf(serving).end();
    else throw invalidFrame("a frame that a client does not send");
  }

  #request(id: number, cursor: Cursor): void {
    const request = readRequest(cursor, this.#known);
    if (id === 0 || this.#serving.get(id) !== undefined) throw invalidFrame(`call ${id} is under way already`);
    const { writer, limits } = this.#session;
    if (this.#leaving || this.#inFlight >= limits.inFlightMax) {
      writeError(writer, id, this.#leaving ? draining() : overloaded());
      return;
    }
    const serving: Serving = { id, call: undefined, cancelled: undefined, inflow: undefined, outflow: undefined };
    if (request.upload !== undefined) serving.inflow = this.#upload(serving);
    this.#serving.add(serving);
    this.#inFlight++;
    void this.#serve(serving, request);
  }

  #upload({ id }: Serving): Inflow<Uint8Array> {
    return new Inflow<Uint8Array>({
      windowBytes: this.#session.limits.streamWindowBytes,
      read: (bytes) => bytes,
      credit: (bytes) => this.#serving.get(id) !== undefined && writeCredit(this.#session.writer, id, bytes),
      // A handler may answer without reading all; the reply tells the client to stop.
      left: () => {},
    });
  }

  async #serve(serving: Serving, request: Request): Promise<void> {
    try {
      const reply = await this.#enter(serving, request);
      if (reply !== undefined && serving.cancelled === undefined) this.#reply(serving, reply);
      else this.#done(serving);
    } catch (error) {
      this.#refuse(serving, error);
    }
  }

  /** The way from a request to its handler. Answers with nothing when it was cancelled before it got there. */
  #enter(serving: Serving, request: Request): Promise<Reply | undefined> | undefined {
    const { route, assertion } = request;
    const peer = this.#peerOf(route.peer);
    const caller = assertion === undefined ? undefined : this.#doors.callerOf(assertion);
    // Both are known from before as a rule, and then nothing waits.
    if (!(peer instanceof Promise) && !(caller instanceof Promise))
      return this.#handle(serving, request, { peer, caller });
    return Promise.all([peer, caller]).then(([peer, caller]) => {
      if (serving.cancelled === undefined) return this.#handle(serving, request, { peer, caller });
    });
  }

  #handle(serving: Serving, request: Request, who: { peer: Peer; caller: Caller | undefined }): Promise<Reply> {
    const { route, payload, leftMs, idempotencyKey, upload } = request;
    const served = this.#doors.find(route.service, route.operation, route.version);
    if (served === undefined) throw unknown(route);
    const { clock, random } = this.#options;
    const call = new Call(served.operation, {
      payload,
      peer: who.peer,
      caller: who.caller,
      trace: request.trace ?? newTrace(random),
      deadlineMs: leftMs === Number.POSITIVE_INFINITY ? leftMs : clock.nowMs() + leftMs,
      idempotencyKey,
      upload: upload &&
        serving.inflow && {
          type: upload.type,
          chunks: serving.inflow,
          ...(upload.size !== undefined && { size: upload.size }),
        },
    });
    serving.call = call;
    return served.handle(call);
  }

  #reply(serving: Serving, reply: Reply): void {
    writeReply(this.#session.writer, serving.id, reply);
    if (reply.kind === "items") this.#flow(serving, reply.items, sendItem);
    else if (reply.kind === "download") this.#flow(serving, reply.download.chunks, sendChunk);
    else this.#done(serving);
  }

  #flow<T>(
    serving: Serving,
    source: AsyncIterable<T>,
    send: (writer: Session["writer"], id: number, item: T) => Sent<T>,
  ): void {
    const { writer, pipe } = this.#session;
    const flow = new Outflow<T>({
      source,
      windowBytes: this.#windowBytes,
      hasRoom: () => !pipe.full,
      send: (item) => send(writer, serving.id, item),
      ended: (failure) => {
        unlisten();
        if (failure === undefined) {
          writeEmpty(writer, kinds.end, serving.id);
          this.#done(serving);
        } else this.#refuse(serving, failure.error);
      },
    });
    serving.outflow = flow;
    // From inside: the deadline passed, for instance. From outside, `#cancel` has seen to it.
    const unlisten = serving.call!.onCancel((reason) => {
      flow.stop();
      this.#refuse(serving, reason);
    });
    flow.wake();
  }

  #refuse(serving: Serving, error: unknown): void {
    if (serving.cancelled === undefined) writeError(this.#session.writer, serving.id, asCantleError(error));
    this.#done(serving);
  }

  /** The handler has ended and everything was sent. */
  #done(serving: Serving): void {
    this.#serving.delete(serving.id);
    serving.inflow?.abort(new CantleError("CANCELLED", "the call is over"));
    this.#inFlight--;
    if (this.#inFlight > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** Nobody waits for this call any more. */
  #cancel(serving: Serving, reason: CantleError): void {
    this.#serving.delete(serving.id);
    serving.cancelled = reason;
    serving.inflow?.abort(reason);
    serving.call?.cancel(reason);
  }

  #drained(): void {
    this.#session.pipe.resume();
    for (const serving of this.#serving.list()) serving.outflow?.wake();
  }

  #closed(reason: CantleError): void {
    const gone = new CantleError("CANCELLED", "the caller went away", { cause: reason });
    for (const serving of this.#serving.list()) this.#cancel(serving, gone);
    this.#ended();
  }
}

function uploadOf({ inflow }: Serving): Inflow<Uint8Array> {
  if (inflow === undefined) throw invalidFrame("a part of an upload that was not announced");
  return inflow;
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
