/** Making calls from inside: each becomes a `Call` in the name of a service and goes out through the mesh. */

import { type CallOptions, type Client, type Contract, clientOf } from "@cantle/contract";
import {
  type Bytes,
  baggageLimits,
  Call,
  type Caller,
  CantleError,
  codes,
  isCarried,
  isIdempotencyKey,
  newTrace,
  type Operation,
  type Peer,
  type Reply,
} from "@cantle/core";
import { type OutboundHost, outbound } from "@cantle/mesh";

/** One call to be made. */
export interface Outgoing {
  readonly input: unknown;
  readonly options?: CallOptions | undefined;
  readonly upload?: Bytes | undefined;
  /** The call on whose behalf it is made; none at the beginning of a chain. */
  readonly parent?: Call | undefined;
  /** The user, where there is no parent to take it from. */
  readonly caller?: Caller | undefined;
}

/** Sends calls of an operation. */
export type Calling = (operation: Operation) => (outgoing: Outgoing) => Promise<Reply>;

/** The way out of one service: calls carry its name as their peer. */
export function callingAs(peer: Peer, host: OutboundHost): Calling {
  return (operation) => {
    const handle = outbound(operation, host);
    return ({ input, options, upload, parent, caller }) => {
      const key = options?.idempotencyKey;
      if (key !== undefined && !isIdempotencyKey(key)) return Promise.reject(keyInvalid());
      const baggage = options?.baggage ? { ...parent?.baggage, ...options.baggage } : parent?.baggage;
      if (options?.baggage && !isCarried(baggage ?? {})) return Promise.reject(baggageInvalid());
      const call = new Call(operation, {
        payload: { kind: "value", value: input },
        peer,
        caller: parent ? parent.caller : caller,
        trace: parent?.trace ?? newTrace(host.random),
        deadlineMs: Math.min(
          parent?.deadlineMs ?? Number.POSITIVE_INFINITY,
          options?.timeoutMs === undefined ? Number.POSITIVE_INFINITY : host.clock.nowMs() + options.timeoutMs,
        ),
        idempotencyKey: key,
        baggage,
      });
      if (upload !== undefined) call.upload = sentWith(call, upload);
      if (parent === undefined && options?.signal === undefined) return handle(call);
      const release = tied(call, parent, options?.signal);
      return handle(call).then(
        (reply) => whenRead(reply, release),
        (error) => {
          release();
          throw error;
        },
      );
    };
  };
}

function keyInvalid(): CantleError {
  return new CantleError("INPUT_INVALID", "the idempotency key cannot be sent", {
    errors: { idempotencyKey: ["is 1 to 255 printable ASCII characters, without a space at either end"] },
  });
}

function baggageInvalid(): CantleError {
  const { membersMax, bytesMax } = baggageLimits;
  return new CantleError("INPUT_INVALID", "the baggage cannot be sent", {
    errors: { baggage: [`is at most ${membersMax} names without space, ${bytesMax} bytes in all`] },
  });
}

/** An upload that ends its call when it fails: half of it must not look like the whole, and who calls is told what it threw. */
function sentWith(call: Call, upload: Bytes): Bytes {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* upload.chunks;
    } catch (cause) {
      const cancelled = new CantleError("CANCELLED", codes.CANCELLED.meaning, { cause });
      call.cancel(cause ?? cancelled);
      throw cancelled;
    }
  }
  return { ...upload, chunks: chunks() };
}

/** Ends a call when its parent is cancelled or its signal aborts, until it is released. */
function tied(call: Call, parent: Call | undefined, signal: AbortSignal | undefined): () => void {
  const unlisten = parent?.onCancel((reason) => call.cancel(reason));
  if (signal === undefined) return unlisten ?? nothing;
  const abort = () =>
    call.cancel(new CantleError("CANCELLED", "the caller cancelled the call", { cause: signal.reason }));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => {
    unlisten?.();
    signal.removeEventListener("abort", abort);
  };
}

const nothing = () => {};

/** A stream is part of the call until its last item is read. */
function whenRead(reply: Reply, done: () => void): Reply {
  if (reply.kind === "items") return { ...reply, items: untilRead(reply.items, done) };
  if (reply.kind === "download")
    return { ...reply, download: { ...reply.download, chunks: untilRead(reply.download.chunks, done) } };
  done();
  return reply;
}

async function* untilRead<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}

/** A typed client of a contract that calls in the name of `peer`, for whoever is not a handler: tests, the host, the gateway. */
export function clientAs<C extends Contract<string, any>>(
  contract: C,
  peer: Peer,
  host: OutboundHost & { readonly caller?: Caller | undefined },
): Client<C> {
  const calling = callingAs(peer, host);
  return clientOf(contract, (operation) => {
    const send = calling(operation);
    return (input, options, upload) => send({ input, options, upload, caller: host.caller });
  });
}
