/**
 * A message as Kafka carries it: a CloudEvent in binary mode (the protocol's binding for Kafka), so that any other client of the
 * cluster can read and write it. Attributes are headers that begin with `ce_`, in UTF-8; the key is the record's key, the data its
 * value, untouched.
 */
import type { Message } from "@cantle/contract";
import type { MessageToProduce } from "@platformatic/kafka";

/** A record on its way to the cluster. */
export type Outgoing = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** Headers by name. */
export type Headers = ReadonlyMap<string, string>;

const names = {
  id: "ce_id",
  source: "ce_source",
  time: "ce_time",
  traceparent: "ce_traceparent",
  baggage: "ce_baggage",
  priority: "ce_priority",
  notBefore: "ce_notbefore",
} as const;

/** The headers of a message that goes to a channel. */
export function headersOf(message: Message, channel: string): Map<Buffer, Buffer> {
  const headers = new Map([header("ce_specversion", "1.0"), header("ce_type", channel)]);
  for (const [member, name] of Object.entries(names)) {
    const value = message[member as keyof typeof names];
    if (value !== undefined) headers.set(...header(name, value));
  }
  headers.set(...header("content-type", "application/json"));
  return headers;
}

/** One header as the client takes it. */
export function header(name: string, value: string): [Buffer, Buffer] {
  return [Buffer.from(name), Buffer.from(value)];
}

/** Headers as the client gives them. */
export function readHeaders(raw: readonly (readonly [Buffer | null, Buffer | null])[]): Headers {
  return new Map(raw.map(([name, value]) => [name?.toString() ?? "", value?.toString() ?? ""]));
}

/** The message of a record. What somebody else wrote without attributes gets those of its place. */
export function messageOf(
  headers: Headers,
  { key, value, position }: { readonly key: Buffer | null; readonly value: Buffer | null; readonly position: string },
): Message {
  const members = Object.entries(names).flatMap(([member, name]) => {
    const text = headers.get(name);
    return text === undefined ? [] : [[member, text]];
  });
  return {
    id: position,
    source: "unknown",
    time: "1970-01-01T00:00:00Z",
    ...Object.fromEntries(members),
    ...(key !== null && { key: key.toString() }),
    data: value ?? new Uint8Array(),
  };
}
