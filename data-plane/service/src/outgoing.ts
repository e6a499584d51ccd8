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
import type { Publisher } from "./publisher.ts";

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

/** What messages are made with, and for whom. */
interface MessageHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly publisher?: Pick<Publisher, "messageBytesMax"> | undefined;
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

function messageMaker(declared: Declared, source: string, host: MessageHost): MakeMessage {
  const codec = codecOf(publishing(declared));
  const keyed = declared.kind === "event" ? declared.key : undefined;
  const { clock, random } = host;
  return async (call, given, options) => {
    const data = await fitting(declared, () => codec.output(given));
    checkOptions(declared, options);
    const { id, delayMs, priority } = options;
    const nowMs = clock.wallMs();
    const key = keyed === undefined ? undefined : keyOf(declared, (data as Record<string, unknown>)[keyed]);
    return {
      id: id ?? random.hex(16),
      source,
      time: new Date(nowMs).toISOString(),
      ...(key !== undefined && { key }),
      traceparent: formatTrace(call.trace),
      ...(call.baggage !== undefined && { baggage: formatBaggage(call.baggage) }),
      data: bytesOf(declared, data, host.publisher?.messageBytesMax),
      ...(priority !== undefined && { priority }),
      ...(delayMs !== undefined && delayMs > 0 && { notBefore: new Date(nowMs + delayMs).toISOString() }),
    };
  };
}

/** A year: what is due later belongs in a database. */
const delayMsMax = 366 * 24 * 3_600_000;
const priorities: readonly unknown[] = ["high", "normal", "low"];

/** Options may come from outside, untyped; a wrong one that is stored would be found out when nobody can be told any more. */
function checkOptions(declared: Declared, { id, delayMs, priority }: SendOptions): void {
  if (id !== undefined && !(typeof id === "string" && isIdempotencyKey(id) && !id.includes(" ")))
    throw invalid(declared, "its id is not 1 to 255 printable ASCII characters without a space");
  if (delayMs !== undefined && !(typeof delayMs === "number" && delayMs >= 0 && delayMs <= delayMsMax))
    throw invalid(declared, `its delay is not between 0 and ${delayMsMax} ms`);
  if (priority !== undefined && !priorities.includes(priority))
    throw invalid(declared, "its priority is not high, normal or low");
}

/** The data as it travels. What no broker will take is refused here, where a transaction can still be rolled back. */
function bytesOf(declared: Declared, data: unknown, bytesMax = Number.POSITIVE_INFINITY): Uint8Array {
  const bytes = printJson(data, "MESSAGE_INVALID");
  if (bytes.byteLength <= bytesMax) return bytes;
  const sizes = `${bytes.byteLength} bytes, and ${bytesMax} are the most`;
  throw new CantleError("MESSAGE_TOO_LARGE", `a message for '${declared.channel.name}' has ${sizes}`, {
    help: "put the bytes elsewhere (a bucket, a table) and send where they are, or raise BROKER_MESSAGE_BYTES_MAX",
  });
}

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
  // Half a character cannot travel as UTF-8, and not every broker mends that; equal keys stay equal.
  if ((typeof value === "string" || typeof value === "number") && String(value).length <= keyCharsMax)
    return String(value).toWellFormed();
  throw invalid(declared, `its key is not a string or number of at most ${keyCharsMax} characters`);
}

function invalid(declared: Declared, why: string): CantleError {
  return new CantleError("MESSAGE_INVALID", `a message for '${declared.channel.name}' cannot be sent: ${why}`);
}
