/**
 * The client half of HTTP: connections to one other program, and exchanges on them.
 *
 * undici keeps the pool and parses; it is loaded when the first call is made. What it cannot parse, or what came where
 * nothing was asked, costs the connection, never the next caller.
 *
 * An answer's body must be taken: read (`bytes`), iterated, or thrown away (`cancel`), or its connection stays taken. Every
 * way to leave an iteration early does that.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { LookupFunction } from "node:net";
import { CantleError } from "@cantle/core";
import type { Dispatcher, Pool } from "undici";
import { failureOf } from "./upstream-failure.ts";

/** Limits of an upstream. */
export interface UpstreamLimits {
  /** Connections at once; further exchanges wait for one. Default 256. */
  readonly connectionsMax: number;
  /** Header fields of an answer, bytes. Default 16 KiB. */
  readonly headersBytesMax: number;
  /** How long opening a connection may take. Default 3 s. */
  readonly connectTimeoutMs: number;
  /** How long the body of an answer may be silent. Default 5 min. */
  readonly silenceTimeoutMs: number;
  /** How long an idle connection is kept; shorter than the servers' own. Default 30 s. */
  readonly keepAliveTimeoutMs: number;
}

/** What holds where nothing else is said. */
export const upstreamLimits: UpstreamLimits = Object.freeze({
  connectionsMax: 256,
  headersBytesMax: 16 * 1024,
  connectTimeoutMs: 3_000,
  silenceTimeoutMs: 300_000,
  keepAliveTimeoutMs: 30_000,
});

/** A request to send. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as they go on the wire. */
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Is told how to end the exchange early, as soon as there is something to end; answers with how to stop listening. */
  readonly onCancel: (cancel: (reason: unknown) => void) => () => void;
}

/** An answer whose body is still to be taken. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: UpstreamBody;
}

/** A way to another program. */
export interface Upstream {
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** Takes no more; closes when the exchanges in flight have ended. */
  finish(): Promise<void>;
  /** Cuts all connections; exchanges fail with `UNREACHABLE`. */
  close(): Promise<void>;
}

/** What an upstream is made with: limits that differ, and how hosts are found (default: the operating system's way). */
export type UpstreamOptions = Partial<UpstreamLimits> & { readonly lookup?: LookupFunction };

/** An upstream at an origin: `http://127.0.0.1:4000`. Nothing is opened before it is needed. */
export function createUpstream(origin: string, options: UpstreamOptions = {}): Upstream {
  const { lookup, ...overrides } = options;
  const limits = { ...upstreamLimits, ...overrides };
  let state:
    | { kind: "new" }
    | { kind: "opening"; pool: Promise<Pool> }
    | { kind: "open"; pool: Pool }
    | { kind: "closed" } = {
    kind: "new",
  };

  async function open(): Promise<Pool> {
    const { Pool } = await import("undici");
    const pool = new Pool(origin, {
      connections: limits.connectionsMax,
      pipelining: 1,
      maxHeaderSize: limits.headersBytesMax,
      connect: { timeout: limits.connectTimeoutMs, ...(lookup && { lookup }) },
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // How long a reply may take is the call's deadline, which cancels it.
      headersTimeout: 0,
      bodyTimeout: limits.silenceTimeoutMs,
    });
    if (state.kind === "opening") state = { kind: "open", pool };
    return pool;
  }

  async function sendFirst(request: UpstreamRequest): Promise<UpstreamAnswer> {
    if (state.kind === "new") state = { kind: "opening", pool: open() };
    if (state.kind === "opening") await state.pool;
    return send(request);
  }

  function send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    if (state.kind === "open") return exchange(state.pool, request);
    if (state.kind !== "closed") return sendFirst(request);
    return Promise.reject(new CantleError("UNREACHABLE", "the way to the other side is closed"));
  }

  async function end(how: "close" | "destroy"): Promise<void> {
    const pool = state.kind === "opening" || state.kind === "open" ? await state.pool : undefined;
    state = { kind: "closed" };
    await pool?.[how]();
  }

  return { send, finish: () => end("close"), close: () => end("destroy") };
}

function exchange(pool: Pool, { onCancel, ...request }: UpstreamRequest): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(resolve, reject);
    receiver.forget = onCancel((reason) => receiver.cancel(reason));
    if (receiver.ended) return;
    pool.dispatch(request as Dispatcher.DispatchOptions, receiver);
  });
}

/** What undici tells of one exchange. */
class Receiver implements Dispatcher.DispatchHandler {
  forget: () => void = () => {};
  ended = false;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #body: UpstreamBody | undefined;
  #informational = 0;

  constructor(resolve: (answer: UpstreamAnswer) => void, reject: (reason: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the exchange: its connection is cut, since an answer may be half way. */
  cancel(reason: unknown): void {
    if (this.ended) return;
    this.#fail(reason);
    this.#controller?.abort(abortReason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.ended) controller.abort(abortReason);
    else this.#controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) {
      this.#body = new UpstreamBody(controller, this);
      this.#resolve({ status, headers, body: this.#body });
    } else if (++this.#informational > informationalMax) {
      this.cancel(new CantleError("REPLY_MALFORMED", "the other side sends informational answers and no reply"));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#end();
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.ended) this.#fail(failureOf(error));
  }

  #fail(reason: unknown): void {
    this.#end();
    this.#reject(reason);
    this.#body?.fail(reason);
  }

  #end(): void {
    this.ended = true;
    this.forget();
  }
}

const informationalMax = 1;
const abortReason = new CantleError("CANCELLED", "the exchange was cancelled");
/** How much of a body is kept for a reader that does not read, before the connection is told to wait. */
const aheadBytesMax = 256 * 1024;

/** A body that arrives. It has one reader. */
export class UpstreamBody implements AsyncIterable<Uint8Array> {
  readonly #controller: Dispatcher.DispatchController;
  readonly #receiver: Receiver;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #state: { kind: "open" } | { kind: "ended" } | { kind: "failed"; reason: unknown } = { kind: "open" };
  #wake: (() => void) | undefined;

  constructor(controller: Dispatcher.DispatchController, receiver: Receiver) {
    this.#controller = controller;
    this.#receiver = receiver;
  }

  /** The whole body. Over `bytesMax` it is `REPLY_TOO_LARGE`, and not read on. */
  async bytes(bytesMax: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const arrived = this.#take();
      length += arrived.reduce((sum, chunk) => sum + chunk.length, 0);
      if (length > bytesMax) {
        const error = new CantleError("REPLY_TOO_LARGE", `a reply is at most ${bytesMax} bytes`);
        this.cancel(error);
        throw error;
      }
      chunks.push(...arrived);
      if (this.#state.kind === "failed") throw this.#state.reason;
      if (this.#state.kind === "ended")
        return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length);
      await this.#more();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield* this.#take();
        if (this.#state.kind === "failed") throw this.#state.reason;
        if (this.#state.kind === "ended" && this.#chunks.length === 0) return;
        if (this.#chunks.length === 0) await this.#more();
      }
    } finally {
      this.cancel(abortReason);
    }
  }

  /** Ends the exchange where it has not ended. */
  cancel(reason: unknown): void {
    this.#receiver.cancel(reason);
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > aheadBytesMax) this.#controller.pause();
    this.#wake?.();
  }

  end(): void {
    this.#state = { kind: "ended" };
    this.#wake?.();
  }

  fail(reason: unknown): void {
    this.#state = { kind: "failed", reason };
    this.#wake?.();
  }

  #take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    this.#controller.resume();
    return chunks;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
