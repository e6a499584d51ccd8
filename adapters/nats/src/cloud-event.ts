/**
 * A message as NATS carries it: a CloudEvent in binary mode (the protocol's binding for NATS), so that any other client of the
 * server can read and write it. Attributes are headers that begin with `ce-`, percent-encoded where HTTP could not carry them;
 * the data is the payload, untouched.
 */
import type { Message, Priority } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { headers, type MsgHdrs } from "@nats-io/transport-node";

/** Room that a server's `max_payload` must leave for headers beside the data, bytes. */
export const headerBytesMax = 64 * 1024;

const plain = /^[!#-$&-~]*$/;
const awkward = /[^!#-$&-~]+/g;

/** The headers of a message that goes to a channel; `deduplicationId` is what the server knows it by. */
export function headersOf(message: Message, channel: string, deduplicationId: string): MsgHdrs {
  const { id, source, time, key, traceparent, baggage, priority, notBefore } = message;
  const made = headers();
  made.append("Nats-Msg-Id", deduplicationId);
  made.append("ce-specversion", "1.0");
  made.append("ce-id", encoded(id));
  made.append("ce-source", encoded(source));
  made.append("ce-type", channel);
  made.append("ce-time", encoded(time));
  made.append("content-type", "application/json");
  if (key !== undefined) made.append("ce-partitionkey", encoded(key));
  if (traceparent !== undefined) made.append("ce-traceparent", encoded(traceparent));
  if (baggage !== undefined) made.append("ce-baggage", encoded(baggage));
  if (priority !== undefined) made.append("ce-priority", priority);
  if (notBefore !== undefined) made.append("ce-notbefore", encoded(notBefore));
  return made;
}

/** The message of these headers and this payload. What somebody else wrote without attributes gets those of its place. */
export function messageOf(from: MsgHdrs | undefined, data: Uint8Array, position: string): Message {
  const of = (name: string) => (from?.has(name) ? decoded(from.get(name)) : undefined);
  const optional = <Name extends keyof Message>(name: Name, value: string | undefined) =>
    value === undefined ? {} : { [name]: value };
  return {
    id: of("ce-id") ?? position,
    source: of("ce-source") ?? "unknown",
    time: of("ce-time") ?? "1970-01-01T00:00:00Z",
    ...optional("key", of("ce-partitionkey")),
    ...optional("traceparent", of("ce-traceparent")),
    ...optional("baggage", of("ce-baggage")),
    data,
    ...optional("priority", of("ce-priority") as Priority | undefined),
    ...optional("notBefore", of("ce-notbefore")),
  };
}

/** Text as the value of a header: printable ASCII, the rest percent-encoded. Throws `MESSAGE_INVALID` for half characters. */
export function encoded(text: string): string {
  if (plain.test(text)) return text;
  if (!text.isWellFormed())
    throw new CantleError("MESSAGE_INVALID", "an attribute of a message has half a character (a lone surrogate)");
  return text.replace(awkward, encodeURIComponent);
}

/** What `encoded` made of a text. What somebody else wrote and is no encoding is taken as it stands. */
export function decoded(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
