/**
 * Everything that follows from a contract, each by one mapped type over one conditional.
 *
 *     contract ──▶ Client      what another service or a test calls
 *              ──▶ OutsideClient   the same, of what a gateway shows
 *              ──▶ Handlers    what the service must write
 *              ──▶ Fail        how a handler refuses
 */
import type { Baggage, Bytes, Caller, CantleError, Clock, Delivered, Operation, Peer, Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { DeclaredEvent, DeclaredQueue, EventDraft, QueueDraft } from "./channel.ts";
import type { Draft } from "./draft.ts";
import type { Priority } from "./message.ts";
import type { At, Members, Mistake } from "./mistake.ts";
import type { In, Out, Schema } from "./schema.ts";

/** An operation of a contract: what the machinery sees, and what was written. */
export type Declared<D extends Draft = Draft> = Operation & D;

/** What is written in a contract. */
export interface ContractSpec {
  /** semver; callers need the same major. */
  readonly version: string;
  readonly operations: { readonly [name: string]: Draft };
  /** What happens in the service, told to whoever subscribes. */
  readonly events?: { readonly [name: string]: EventDraft };
  /** Work that the service takes from a queue. */
  readonly queues?: { readonly [name: string]: QueueDraft };
}

/** A contract: a frozen plain value. */
export interface Contract<N extends string = string, C extends ContractSpec = ContractSpec> {
  readonly kind: "contract";
  readonly name: N;
  readonly version: string;
  readonly operations: { readonly [K in keyof C["operations"]]: Declared<C["operations"][K]> };
  readonly events: C extends { readonly events: infer E } ? DeclaredEvents<E> : {};
  readonly queues: C extends { readonly queues: infer Q } ? DeclaredQueues<Q> : {};
}

type DeclaredEvents<E> = { readonly [K in keyof E]: DeclaredEvent<DataSchema<E[K]>> };
type DeclaredQueues<Q> = { readonly [K in keyof Q]: DeclaredQueue<DataSchema<Q[K]>> };

type DataSchema<D> = D extends { readonly data: infer S extends Schema } ? S : never;

/** The operations of a contract, by name. */
export type Operations<C> = Members<C, "operations">;

/** What a caller passes. */
export type InputOf<O> = In<At<O, "input">>;
/** What a handler gets. */
export type TakenOf<O> = Out<At<O, "input">>;
/** What a caller gets back. */
export type OutputOf<O> = O extends { readonly download: unknown }
  ? Bytes
  : O extends { readonly stream: infer S }
    ? AsyncIterable<Out<S>>
    : Out<At<O, "output">>;
/** What a handler gives back. */
export type GivenOf<O> = O extends { readonly download: unknown }
  ? Bytes
  : O extends { readonly stream: infer S }
    ? AsyncIterable<In<S>>
    : In<At<O, "output">>;

/** What bytes can be made of. */
export type BytesSource = Bytes | Uint8Array | Blob;

type Arguments<O, I = InputOf<O>> = O extends { readonly upload: unknown }
  ? [input: I extends void ? {} : I, upload: BytesSource, options?: CallOptions]
  : [I] extends [void]
    ? [input?: undefined, options?: CallOptions]
    : {} extends I
      ? [input?: I, options?: CallOptions]
      : [input: I, options?: CallOptions];

/** What can be said of one call. */
export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Shortens the operation's own timeout; never lengthens it. */
  readonly timeoutMs?: number;
  /** `Idempotency-Key`: the same key and input are the same call. */
  readonly idempotencyKey?: string;
  /** What travels with the call and all that follow from it (W3C Baggage), besides what travels already. Never a secret. */
  readonly baggage?: Baggage;
}

/** One operation as a function. */
export type CallOf<O> = (...call: Arguments<O>) => Promise<OutputOf<O>>;

/** All operations as functions; for services and tests. */
export type Client<C> = { readonly [K in keyof Operations<C>]: CallOf<Operations<C>[K]> };

/** The operations that have `access`, as functions; for whoever is outside the gateway. */
export type OutsideClient<C> = {
  readonly [K in keyof Operations<C> as Operations<C>[K] extends { readonly access: unknown } ? K : never]: CallOf<
    Operations<C>[K]
  >;
};

/** What can be said of one message that is published. */
export interface PublishOptions {
  /** Unique within the topic or queue: publishing the same id again publishes nothing. Default: a new one. */
  readonly id?: string;
}

/** What can be said of one message that is sent to a queue. */
export interface SendOptions extends PublishOptions {
  /** Not delivered before this long from now. */
  readonly delayMs?: number;
  /** Which comes first when many wait; default `normal`. */
  readonly priority?: Priority;
}

/** The events of a contract as functions that publish one. */
export type Publish<C> = {
  readonly [K in keyof Members<C, "events">]: (
    data: In<DataSchema<Members<C, "events">[K]>>,
    options?: PublishOptions,
  ) => Promise<void>;
};

/** The queues of a contract as functions that send a message there. */
export type Enqueue<C> = {
  readonly [K in keyof Members<C, "queues">]: (
    data: In<DataSchema<Members<C, "queues">[K]>>,
    options?: SendOptions,
  ) => Promise<void>;
};

/** Sends a message to a queue of a service in `uses`: `send(notices.queues.notice, { ... })`. */
export type SendTo = <S extends Schema>(to: DeclaredQueue<S>, data: In<S>, options?: SendOptions) => Promise<void>;

/** What publishing from a service looks like, inside a transaction and outside. */
export interface Publishing<C> {
  /** Publishes the service's own events. */
  readonly events: Publish<C>;
  /** Sends to the service's own queues. */
  readonly queues: Enqueue<C>;
  /** Sends to the queue of a service in `uses`. */
  readonly send: SendTo;
}

type Errors<O> = Members<O, "errors">;
/** The names of an operation's declared failures. */
export type FailureNames<O> = keyof Errors<O> & string;
type DataOf<O, N> = N extends keyof Errors<O> ? Out<At<Errors<O>[N], "data">> : never;

/** A declared failure, as it is thrown and caught. */
export type Failure<N extends string = string, D = unknown> = CantleError & {
  readonly code: "DECLARED";
  readonly failure: N;
  readonly data: D;
};

/** The declared failure `N` of operation `O`. */
export type FailureOf<O, N extends FailureNames<O>> = Failure<N, DataOf<O, N>>;

/** Makes a declared failure to throw: `throw fail("EmailTaken", { email })`. */
export type Fail<O> = <N extends string>(
  name: N & (N extends FailureNames<O> ? N : Mistake<`'${N}' is not a declared error of this operation`>),
  ...data: N extends FailureNames<O>
    ? Errors<O>[N] extends { readonly data: infer S }
      ? [data: In<S>]
      : []
    : unknown[]
) => Failure<N, DataOf<O, N>>;

/** What every handler has, whatever its service uses. */
export interface BaseContext {
  readonly log: Logger;
  /** Aborts when the caller goes away or the deadline passes. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly idempotencyKey: string | undefined;
  /** What travels with this call and all that follow from it; nobody vouches for it. */
  readonly baggage: Baggage;
  /** The service that calls; `gateway` for what came in from outside. */
  readonly peer: Peer;
}

type Used<U, C> = {
  readonly [K in keyof U]: U[K] extends { readonly kind: "contract" }
    ? Client<U[K]>
    : U[K] & { readonly owner: C } extends { readonly bound?: infer V }
      ? V
      : never;
};

/** What handlers get in a service with these `uses` and this `config`: a client for each contract, what each binding binds. */
export type Context<U = {}, Config = {}, C = unknown> = Used<U, C> &
  BaseContext &
  Publishing<C> & { readonly config: Config };

/** What the handler of a message has besides. `idempotencyKey` is the same in every delivery: pass it on to what has effects elsewhere. */
export interface DeliveryContext {
  readonly message: Delivered;
}

type CallerOf<O> = O extends { readonly access: "public" }
  ? Caller | undefined
  : O extends { readonly access: "user" | { readonly roles: readonly string[] } }
    ? Caller
    : Caller | undefined;

/** What a handler of operation `O` has besides: who calls, how to refuse, and the bytes of an upload. */
export type OperationContext<O> = { readonly fail: Fail<O>; readonly caller: CallerOf<O> } & (O extends {
  readonly upload: unknown;
}
  ? { readonly upload: Bytes }
  : {});

/** A handler of operation `O` in a context `X`. */
export type HandlerOf<O, X = BaseContext> = (
  input: TakenOf<O>,
  context: X & OperationContext<O>,
) => GivenOf<O> extends AsyncIterable<unknown> ? GivenOf<O> | Promise<GivenOf<O>> : Promise<GivenOf<O>>;

/** All handlers of a contract. */
export type Handlers<C, X = BaseContext> = { readonly [K in keyof Operations<C>]: HandlerOf<Operations<C>[K], X> };

/** Words that a handler's context already has, so nothing in `uses` may be called that. */
export type ContextWord =
  | keyof BaseContext
  | keyof Publishing<unknown>
  | "config"
  | "fail"
  | "caller"
  | "upload"
  | "message"
  | "trace";
