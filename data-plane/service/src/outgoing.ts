/**
 * What a service publishes: its events, its queues, and the queues of others. Data becomes a message, validated and copied
 * once; where the message goes is an argument: to the broker, or into the transaction that it belongs to.
 */
import {
  type Channel,
  type Contract,
  codecOf,
  type DeclaredEvent,
  type DeclaredQueue,
  type Message,
  printJson,
  publishing,
  type SendOptions,
} from "@cantle/contract";
import {
  type Call,
  CantleError,
  type Clock,
  formatBaggage,
  formatTrace,
  isIdempotencyKey,
  type Random,
} from "@cantle/core";

/** Keeps a message. */
export type StoreMessage = (channel: Channel, message: Message) => Promise<void>;

/** What publishing within one call looks like; `Publishing<C>` to handlers. */
export interface OutgoingOf {
  readonly events: object;
  readonly queues: object;
  readonly send: (to: DeclaredQueue, data: unknown, options?: SendOptions) => Promise<void>;
}

/** Makes it, for a call and a place to store. */
export type MakeOutgoing = (call: Call, store: StoreMessage) => OutgoingOf;

/** What messages are made with. */
interface MessageHost {
  readonly clock: Clock;
  readonly random: Random;
}

/** What one service may publish; `uses` are the services that it may send to. */
export function outgoingMaker(
  contract: Contract<string, any>,
  uses: ReadonlySet<string>,
  host: MessageHost,
): MakeOutgoing {
  const { events, queues } = contract as unknown as Record<"events" | "queues", Record<string, Declared>>;
  const makers = new Map<Declared, MakeMessage>();
  const makerOf = (declared: Declared) => {
    let maker = makers.get(declared);
    if (maker === undefined) {
      maker = messageMaker(declared, contract.name, host);
      makers.set(declared, maker);
    }
    return maker;
  };
  return (call, store) => {
    const put = async (declared: Declared, data: unknown, options: SendOptions = {}) =>
      store(declared.channel, await makerOf(declared)(call, data, options));
    const functionsOf = (channels: Readonly<Record<string, Declared>>) =>
      Object.fromEntries(
        Object.entries(channels).map(([name, declared]) => [
          name,
          (data: unknown, options?: SendOptions) => put(declared, data, options),
        ]),
      );
    return {
      get events() {
        return functionsOf(events);
      },
      get queues() {
        return functionsOf(queues);
      },
      send(to, data, options) {
        if (to.service === contract.name || uses.has(to.service)) return put(to, data, options);
        return Promise.reject(
          new CantleError("PEER_REFUSED", `'${contract.name}' may not send to '${to.channel.name}'`, {
            help: `list the contract of '${to.service}' in the 'uses' of '${contract.name}'`,
          }),
        );
      },
    };
  };
}

type Declared = DeclaredEvent | DeclaredQueue;
type MakeMessage = (call: Call, data: unknown, options: SendOptions) => Promise<Message>;

/** The longest key of a message, characters. */
const keyCharsMax = 255;

function messageMaker(declared: Declared, source: string, { clock, random }: MessageHost): MakeMessage {
  const codec = codecOf(publishing(declared));
  const keyed = declared.kind === "event" ? declared.key : undefined;
  return async (call, given, { id, delayMs, priority }) => {
    const data = await fitting(declared, () => codec.output(given));
    if (id !== undefined && !(isIdempotencyKey(id) && !id.includes(" ")))
      throw invalid(declared, "its id is not 1 to 255 printable ASCII characters without a space");
    if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= delayMsMax))
      throw invalid(declared, `its delay is not between 0 and ${delayMsMax} ms`);
    const nowMs = clock.wallMs();
    const key = keyed === undefined ? undefined : keyOf(declared, (data as Record<string, unknown>)[keyed]);
    return {
      id: id ?? random.hex(16),
      source,
      time: new Date(nowMs).toISOString(),
      ...(key !== undefined && { key }),
      traceparent: formatTrace(call.trace),
      ...(call.baggage !== undefined && { baggage: formatBaggage(call.baggage) }),
      data: printJson(data, "MESSAGE_INVALID"),
      ...(priority !== undefined && { priority }),
      ...(delayMs !== undefined && delayMs > 0 && { notBefore: new Date(nowMs + delayMs).toISOString() }),
    };
  };
}

/** A year: what is due later belongs in a database. */
const delayMsMax = 366 * 24 * 3_600_000;

async function fitting(declared: Declared, check: () => unknown): Promise<unknown> {
  try {
    return await check();
  } catch (cause) {
    throw new CantleError("MESSAGE_INVALID", `the data does not fit '${declared.channel.name}'`, {
      cause,
      notes: cause instanceof CantleError ? (cause.notes ?? cause.message) : String(cause),
    });
  }
}

function keyOf(declared: Declared, value: unknown): string {
  if ((typeof value === "string" || typeof value === "number") && String(value).length <= keyCharsMax)
    return String(value);
  throw invalid(declared, `its key is not a string or number of at most ${keyCharsMax} characters`);
}

function invalid(declared: Declared, why: string): CantleError {
  return new CantleError("MESSAGE_INVALID", `a message for '${declared.channel.name}' cannot be sent: ${why}`);
}
