/** Looking into streams without taking anything from anybody. */
import type { StoredMessage } from "@cantle/messaging";
import type { SeqMsgRequest, StoredMsg } from "@nats-io/jetstream";
import { messageOf } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";
import { isApiError } from "./errors.ts";

/** The first message of a stream from this sequence on that has this subject; undefined for none. */
export async function nextMessage(
  { jsm }: Connection,
  stream: string,
  from: { readonly sequence: number; readonly subject: string },
): Promise<StoredMsg | undefined> {
  // The server knows `next_by_subj` here too; the client's types leave it out.
  const request = { seq: from.sequence, next_by_subj: from.subject } as SeqMsgRequest;
  return found(() => jsm.streams.getMessage(stream, request));
}

/** The message at this sequence; undefined when it is not there (any more). */
export async function messageAt({ jsm }: Connection, stream: string, sequence: number): Promise<StoredMsg | undefined> {
  return found(() => jsm.streams.getMessage(stream, { seq: sequence }));
}

/** The first messages with this subject after a sequence, at most `max`. */
export async function messagesAfter(
  connection: Connection,
  stream: string,
  { sequence, subject, max }: { readonly sequence: number; readonly subject: string; readonly max: number },
): Promise<readonly StoredMsg[]> {
  const all: StoredMsg[] = [];
  for (let after = sequence; all.length < max; ) {
    const message = await nextMessage(connection, stream, { sequence: after + 1, subject });
    if (message === undefined) break;
    all.push(message);
    after = message.seq;
  }
  return all;
}

/** The stored message as ours; its position is its sequence. */
export function storedMessageOf({ header, data, seq }: StoredMsg): StoredMessage {
  const position = String(seq);
  return { ...messageOf(header, data, position), position };
}

async function found(look: () => Promise<StoredMsg | null>): Promise<StoredMsg | undefined> {
  try {
    return (await look()) ?? undefined;
  } catch (error) {
    if (isApiError(error, "noMessageFound") || isApiError(error, "streamNotFound")) return undefined;
    throw error;
  }
}
