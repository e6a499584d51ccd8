/**
 * The one shape. A request at any station is a `Call`; what answers it is a `Handler`; a policy is a `Layer` around one.
 *
 *     (call) => Promise<Reply>          gateway, balancer, breaker, connection, validation, your code: all of them
 *
 * A payload is lazy: it stays what it arrived as (a value, JSON bytes, or the parts of an HTTP request) until the serving
 * side's inbound validates it, once. A colocated call never serialises; a gateway never parses.
 */
import type { Baggage } from "./baggage.ts";
import { CantleError } from "./error.ts";
import type { Operation } from "./operation.ts";
import type { Trace } from "./trace.ts";

/** The user on whose behalf a call is made. */
export interface Caller {
  /** The subject of the token. */
  readonly id: string;
  readonly roles: readonly string[];
  /** The signed, short-lived assertion that travels between processes; empty where none is needed (same process, tests). */
  readonly assertion: string;
}

/** The service that makes a call. */
export interface Peer {
  /** Its name; `gateway` for the gateway. */
  readonly service: string;
  /** The services it declared in `uses`; `*` for the platform itself. */
  readonly uses: ReadonlySet<string> | "*";
}

/** Bytes with a media type: what `upload` takes and `download` gives. */
export interface Bytes {
  /** A media type, for example `image/png`. */
  readonly type: string;
  /** The length in bytes, where it is known beforehand. */
  readonly size?: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The input of a call, as it arrived. */
export type Payload =
  | { readonly kind: "value"; readonly value: unknown }
  /** The input as UTF-8 JSON; empty is `{}`. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** The parts of an HTTP request, unparsed: path parameters (decoded), the raw query, the JSON body (may be empty). */
  | {
      readonly kind: "http";
      readonly params: Readonly<Record<string, string>>;
      readonly query: string;
      readonly bytes: Uint8Array;
    };

/** What a handler at any station answers with. Failures are thrown, as `CantleError`. */
export type Reply = (
  | { readonly kind: "value"; readonly value: unknown }
  /** The output as UTF-8 JSON, passed on unparsed. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "items"; readonly items: AsyncIterable<unknown> }
  | { readonly kind: "download"; readonly download: Bytes }
) & {
  /** True when a hop below retried to get this reply. */
  readonly retried?: boolean;
  /** Set when this stands in for a reply that did not come: what it was made from. */
  readonly fallback?: "value" | "function" | "last";
};

/** Answers a call. */
export type Handler = (call: Call) => Promise<Reply>;

/**
 * A policy around a handler. Given an operation and its policy, a layer answers with a wrapper, or with nothing when it
 * has nothing to do there; recipes are compiled once per operation, so a layer with nothing to do costs nothing.
 */
export type Wrap = (next: Handler) => Handler;

/** Something that is told when a call is cancelled. */
export interface Cancellable {
  cancelled(reason: unknown): void;
}

/** The message that a call delivers, besides its data. */
export interface Delivered {
  readonly id: string;
  /** The service that published it. */
  readonly source: string;
  /** When it was made, RFC 3339. */
  readonly time: string;
  readonly key: string | undefined;
  /** 1 for the first delivery. */
  readonly attempt: number;
}

const keyShape = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** True for what every transport carries unchanged as an idempotency key: 1 to 255 printable ASCII characters, no space at either end. */
export function isIdempotencyKey(text: string): boolean {
  return keyShape.test(text);
}

/** What a call starts with. */
export interface CallStart {
  readonly payload: Payload;
  readonly peer: Peer;
  readonly caller?: Caller | undefined;
  readonly trace: Trace;
  /** Monotonic ms of this process's clock; `Infinity` for none yet. */
  readonly deadlineMs: number;
  readonly idempotencyKey?: string | undefined;
  readonly upload?: Bytes | undefined;
  /** W3C Baggage: names and values that travel with all calls made on behalf of the first. Never trusted, never a credential. */
  readonly baggage?: Baggage | undefined;
  readonly message?: Delivered | undefined;
}

/**
 * One call at one station of this process. Mutable where a station refines it (the deadline shrinks, the trace moves on);
 * cancellation is a list of listeners, and an AbortSignal is only made when somebody asks for one.
 */
export class Call {
  readonly operation: Operation;
  readonly peer: Peer;
  readonly caller: Caller | undefined;
  readonly idempotencyKey: string | undefined;
  readonly baggage: Baggage | undefined;
  /** Set when the call delivers a message. */
  readonly message: Delivered | undefined;
  upload: Bytes | undefined;
  /** As it arrived; once validated, a value that is the handler's own. */
  payload: Payload;
  trace: Trace;
  deadlineMs: number;
  /**
   * When it got here, monotonic ms; on its way back, when its reply came. A look at the clock costs as much as a policy, so the
   * outermost station takes one for all that follow in the same turn, and whoever holds a call up sets it anew.
   */
  atMs = 0;
  /** The station of this process that sees to the deadline, so that no other needs to. It is told of a cancellation first. */
  bound: Cancellable | undefined;
  /** The endpoints that earlier attempts went to. */
  tried: readonly string[] | undefined;
  /** True once it is known to stay in the process that makes it: whoever lets calls into that has done so already. */
  staysHere = false;
  #valueText: string | undefined;
  #ended: unknown;
  #first: Listening | undefined;
  #last: Listening | undefined;
  #controller: AbortController | undefined;

  constructor(operation: Operation, start: CallStart) {
    this.operation = operation;
    this.payload = start.payload;
    this.peer = start.peer;
    this.caller = start.caller;
    this.idempotencyKey = start.idempotencyKey;
    this.baggage = start.baggage;
    this.message = start.message;
    this.upload = start.upload;
    this.trace = start.trace;
    this.deadlineMs = start.deadlineMs;
  }

  /** Another one for the same that is cancelled apart: for whoever answers one call by several, or several by one. Reads only: it has no key. */
  twin(deadlineMs = this.deadlineMs): Call {
    const { operation, payload, peer, caller, trace, baggage } = this;
    const twin = new Call(operation, { payload, peer, caller, trace, baggage, deadlineMs });
    twin.atMs = this.atMs;
    twin.#valueText = this.#valueText;
    return twin;
  }

  /**
   * The value of its payload as JSON, empty for none; made once for all who need it: a key, each attempt on a wire. Throws
   * `INPUT_INVALID` for cycles, bigints and the like.
   */
  valueText(): string {
    this.#valueText ??= textOf(this.payload);
    return this.#valueText;
  }

  /** Why the call was cancelled; undefined while it was not. */
  get cancelled(): unknown {
    return this.#ended;
  }

  /** For handlers: aborts when the call is cancelled or its deadline passes. Made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended !== undefined) this.#controller.abort(this.#ended);
    }
    return this.#controller.signal;
  }

  /** Ends the call from outside: everything that waits on it is told `reason`, once. */
  cancel(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#controller?.abort(reason);
    this.bound?.cancelled(reason);
    for (let each = this.#first; each !== undefined; each = each.later) if (each.listens) each.listener(reason);
    this.#first = undefined;
  }

  /** Calls `listener` when the call is cancelled (at once if it already was). Answers with the way to stop listening. */
  onCancel(listener: (reason: unknown) => void): () => void {
    if (this.#ended !== undefined) {
      listener(this.#ended);
      return () => {};
    }
    // Most calls have one listener or none, for which a Set would cost more than the rest of the call's bookkeeping.
    const added: Listening = { listener, listens: true, earlier: this.#last, later: undefined };
    if (this.#last === undefined) this.#first = added;
    else this.#last.later = added;
    this.#last = added;
    return () => this.#forget(added);
  }

  #forget(listening: Listening): void {
    if (!listening.listens) return;
    listening.listens = false;
    if (listening.earlier === undefined) this.#first = listening.later;
    else listening.earlier.later = listening.later;
    if (listening.later === undefined) this.#last = listening.earlier;
    else listening.later.earlier = listening.earlier;
  }
}

function textOf(payload: Payload): string {
  try {
    return (payload.kind === "value" ? JSON.stringify(payload.value) : undefined) ?? "";
  } catch (cause) {
    throw new CantleError("INPUT_INVALID", "the value cannot be said as JSON", { cause });
  }
}

/** A link in the list of who is told of a cancellation. */
interface Listening {
  readonly listener: (reason: unknown) => void;
  /** False once it was taken back, also while the others are being told. */
  listens: boolean;
  earlier: Listening | undefined;
  later: Listening | undefined;
}
