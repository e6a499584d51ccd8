/**
 * What handlers get. One class per operation, made when the service starts; one small object per call, whose members are made
 * when a handler asks for them: a handler that never logs or calls pays for neither.
 */

import { type BytesSource, bytesOf, type CallOptions, type Contract, failOf, outputOf } from "@cantle/contract";
import type { Call, Clock, Operation, Random, Reply } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Calling } from "./calling.ts";
import type { MakeOutgoing, StoreMessage } from "./outgoing.ts";

/** What all calls of one running service share. */
export interface ContextHost {
  readonly calling: Calling;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly config: unknown;
  /** What each binding binds, by its name in `uses`: the same for all calls, or made for each. */
  readonly bound: Readonly<Record<string, Bound>>;
  readonly outgoing: MakeOutgoing;
  /** Where what is published outside a transaction goes. */
  readonly publish: StoreMessage;
  /** The contracts in `uses`, by name. */
  readonly contracts: ReadonlyMap<string, Contract<string, any>>;
}

/** What a binding binds. */
export type Bound =
  | { readonly kind: "shared"; readonly value: unknown }
  | { readonly kind: "per-call"; readonly within: (call: Call) => unknown };

const noBaggage = Object.freeze({});

/** Makes the context of a call. */
export type MakeContext = (call: Call) => object;

/** The contexts of one operation's handler. */
export function contextMaker(operation: Operation, host: ContextHost): MakeContext {
  const { clock, random, config } = host;
  const fail = failOf(operation);

  class Context {
    readonly #call: Call;
    constructor(call: Call) {
      this.#call = call;
    }
    /** For the getters that are defined below, outside the class body. */
    static callOf(context: Context): Call {
      return context.#call;
    }
    get log() {
      return host.log.with({ operation: operation.name, trace: this.#call.trace.traceId });
    }
    get clock() {
      return clock;
    }
    get random() {
      return random;
    }
    get config() {
      return config;
    }
    get fail() {
      return fail;
    }
    get caller() {
      return this.#call.caller;
    }
    get peer() {
      return this.#call.peer;
    }
    get signal() {
      return this.#call.signal;
    }
    get upload() {
      return this.#call.upload;
    }
    get baggage() {
      return this.#call.baggage ?? noBaggage;
    }
    get idempotencyKey() {
      return this.#call.idempotencyKey;
    }
    get message() {
      return this.#call.message;
    }
    get events() {
      return host.outgoing(this.#call, host.publish).events;
    }
    get queues() {
      return host.outgoing(this.#call, host.publish).queues;
    }
    get send() {
      return host.outgoing(this.#call, host.publish).send;
    }
  }

  for (const [name, member] of membersOf(host)) {
    const get = function (this: Context) {
      return member(Context.callOf(this));
    };
    Object.defineProperty(Context.prototype, name, { enumerable: true, get });
  }
  return (call) => new Context(call);
}

/** What the service uses, by name: what each call finds there. */
function membersOf({
  bound,
  contracts,
  calling,
}: ContextHost): readonly (readonly [string, (call: Call) => unknown])[] {
  const owned = Object.entries(bound).map(([name, each]) => [name, boundMember(each)] as const);
  const called = [...contracts].map(([name, contract]) => {
    const CallClient = clientClass(contract, calling);
    return [name, (call: Call) => new CallClient(call)] as const;
  });
  return [...owned, ...called];
}

/** What is bound for a call is one for that call, however often it is looked up. */
function boundMember(bound: Bound): (call: Call) => unknown {
  if (bound.kind === "shared") return () => bound.value;
  const made = new WeakMap<Call, unknown>();
  return (call) => {
    if (!made.has(call)) made.set(call, bound.within(call));
    return made.get(call);
  };
}

/**
 * A class whose instances are clients within one call: they pass on its trace, its caller and what is left of its deadline.
 * Functions are made when they are looked up, already bound, so `const { read } = accounts` works too.
 */
function clientClass(contract: Contract<string, any>, calling: Calling): new (parent: Call) => object {
  class CallClient {
    readonly #parent: Call;
    constructor(parent: Call) {
      this.#parent = parent;
    }
    static parentOf(client: CallClient): Call {
      return client.#parent;
    }
  }
  for (const [name, operation] of Object.entries(contract.operations) as [string, Operation][]) {
    const send = calling(operation);
    const isUpload = operation.shape === "upload";
    Object.defineProperty(CallClient.prototype, name, {
      enumerable: true,
      get(this: CallClient) {
        const parent = CallClient.parentOf(this);
        if (!isUpload)
          return (input: unknown, options?: CallOptions): Promise<unknown> =>
            send({ input, options, parent }).then(outputOf);
        return async (input: unknown, upload: BytesSource, options?: CallOptions): Promise<unknown> =>
          outputOf((await send({ input, options, parent, upload: bytesOf(upload) })) as Reply);
      },
    });
  }
  return CallClient;
}
