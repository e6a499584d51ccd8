/** A message made by hand: its data held to the contract that declares the channel, as the service itself would be held to it. */
import {
  type Channel,
  codecOf,
  type DeclaredEvent,
  type DeclaredQueue,
  type Message,
  publishing,
} from "@cantle/contract";
import { CantleError, type Clock, isCantleError, type Random } from "@cantle/core";
import type { System } from "@cantle/system";
import { contractOf } from "../contracts.ts";
import { meantOf } from "../meant.ts";

/** What a message is made with. */
export interface ComposeHost {
  readonly clock: Clock;
  readonly random: Random;
}

/** What was said of it. */
export interface Composing {
  readonly data: unknown;
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  readonly delayMs?: number | undefined;
  readonly priority?: Message["priority"];
}

/** Where it goes: a declared event or queue, or a channel of which nothing is known. */
export type Destination = DeclaredEvent | DeclaredQueue | Channel;

/** Who an operator's messages come from. */
const source = "operator";

/** Makes it. Throws `MESSAGE_INVALID` for data that does not fit. */
export async function composeMessage(to: Destination, composing: Composing, host: ComposeHost): Promise<Message> {
  const declared = "channel" in to ? to : undefined;
  const data = declared === undefined ? composing.data : await fitting(declared, composing.data);
  const member = declared?.kind === "event" ? declared.key : undefined;
  const key = composing.key ?? (member === undefined ? undefined : String((data as Record<string, unknown>)[member]));
  const { id = host.random.hex(16), delayMs = 0, priority } = composing;
  const nowMs = host.clock.wallMs();
  return {
    id,
    source,
    time: new Date(nowMs).toISOString(),
    data: new TextEncoder().encode(JSON.stringify(data)),
    ...(key !== undefined && { key }),
    ...(priority !== undefined && { priority }),
    ...(delayMs > 0 && { notBefore: new Date(nowMs + delayMs).toISOString() }),
  };
}

async function fitting(declared: DeclaredEvent | DeclaredQueue, data: unknown): Promise<unknown> {
  try {
    return await codecOf(publishing(declared)).output(data);
  } catch (error) {
    if (!isCantleError(error)) throw error;
    throw new CantleError("MESSAGE_INVALID", `the data does not fit '${declared.channel.name}'`, {
      help: "`cantle contract export` has the schema; --unchecked sends it all the same",
      ...(error.notes !== undefined && { notes: error.notes }),
    });
  }
}

/** The event or queue of this name in the contracts of a system. Throws `CHANNEL_UNKNOWN`, and why the service could not be loaded. */
export async function declaredIn(system: System, { kind, name }: Channel): Promise<DeclaredEvent | DeclaredQueue> {
  const [service = "", own = "", ...more] = name.split(".");
  if (own === "" || more.length > 0) throw unknown(kind, name, "write SERVICE.NAME, such as articles.published");
  const { events, queues } = await contractOf(system, service);
  const declared: Readonly<Record<string, DeclaredEvent | DeclaredQueue>> = kind === "topic" ? events : queues;
  if (Object.hasOwn(declared, own)) return declared[own] as DeclaredEvent | DeclaredQueue;
  const names = Object.keys(declared).map((each) => `${service}.${each}`);
  const known = names.length === 0 ? `'${service}' declares none` : `it has ${names.join(", ")}`;
  throw unknown(kind, name, meantOf(name, names) ?? known);
}

function unknown(kind: Channel["kind"], name: string, help: string): CantleError {
  return new CantleError("CHANNEL_UNKNOWN", `no contract declares the ${kind} '${name}'`, { help });
}
