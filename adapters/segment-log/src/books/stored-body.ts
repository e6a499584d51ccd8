/** The body of a message in the record that it is delivered from: its own, or that of a dead letter which is redriven. */
import type { StoredMessage } from "@cantle/messaging";
import type { Found } from "../journal/reader.ts";
import { redrivenFrom } from "./buried.ts";
import { bodyAt, readBuried } from "./entries.ts";
import { type MessageBody, readMessage } from "./message-record.ts";

/** A record that a message is delivered from. */
export interface StoredIn {
  /** The number of the message in its source. */
  readonly number: number;
  readonly record: Found;
  readonly size: number;
}

/** The message; nothing of it is shared with the memory of the record. */
export function storedMessage({ number, record, size }: StoredIn): StoredMessage {
  const body = bodyAt(record, record.at, size);
  if (number < redrivenFrom) return readMessage(body, String(number));
  const buried = readBuried(body);
  return readMessage(buried.body, String(buried.number));
}

/** A copy of its body, which stays good when the memory of the record is used again. */
export function storedBody({ number, record, size }: StoredIn): MessageBody {
  const whole = bodyAt(record, record.at, size);
  const { bytes, from, end } = number < redrivenFrom ? whole : readBuried(whole).body;
  const copy = Buffer.from(bytes.subarray(from, end));
  return { bytes: copy, view: new DataView(copy.buffer, copy.byteOffset, copy.length), from: 0, end: copy.length };
}
