/**
 * A message as the journal has it: 28 bytes, its texts one after the other, its data.
 *
 *      0  u32  lane of its key                   4  u8  rank          5  u8  1: its texts are ASCII; 2: it is of a queue
 *      8  u48  not before, ms; 0 for at once    14  u16 lengths of its texts, in bytes; 0xffff where there is none
 *
 * The texts: id, source, time, key, traceparent, baggage, notBefore. They are written and read as one where all of them are
 * ASCII, which is nearly always and saves six calls out of JavaScript.
 */
import type { Channel, Message, Priority } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { laneOf, type Rank, ranks, type StoredMessage } from "@cantle/messaging";
import type { Batch } from "../journal/batch.ts";
import { type Bytes, headerBytes, kinds, setUint48, uint48 } from "../journal/record.ts";

const fixedBytes = 28;
const lengthsAt = 14;
const none = 0xffff;
/** The longest of the texts that have no other bound, characters. */
const textLengthMax = 16_384;
const priorities: readonly Priority[] = ["high", "normal", "low"];

/** Where a message was stored, and what its books must know of it. */
export interface PlacedMessage {
  readonly address: number;
  /** Length of its record. */
  readonly size: number;
  readonly lane: number;
  readonly rank: Rank;
  readonly notBeforeMs: number;
}

/** Throws `MESSAGE_INVALID` for what could not be written. */
export function checkTexts({ source, time, traceparent, baggage, notBefore }: Message): void {
  for (const text of [source, time, traceparent, baggage, notBefore])
    if (text !== undefined && text.length > textLengthMax)
      throw new CantleError("MESSAGE_INVALID", `a member of a message has more than ${textLengthMax} characters`);
  if (notBefore !== undefined && Number.isNaN(Date.parse(notBefore)))
    throw new CantleError("MESSAGE_INVALID", "`notBefore` is not a time as RFC 3339 writes it");
}

/** Writes a message as the next record of a batch. */
export function writeMessage(
  batch: Batch,
  channel: Channel & { number: number },
  { message, ordinal }: Writing,
): PlacedMessage {
  const { id, source, time, key, traceparent, baggage, notBefore, data, priority } = message;
  const text = id + source + time + (key ?? "") + (traceparent ?? "") + (baggage ?? "") + (notBefore ?? "");
  const { bytes, view, used } = batch.open(headerBytes + fixedBytes + text.length * 3 + data.length);
  const at = used + headerBytes;
  const lane = laneOf(key);
  const rank = ranks[priority ?? "normal"];
  const notBeforeMs = notBefore === undefined ? 0 : Math.max(0, Math.floor(Date.parse(notBefore)));
  view.setUint32(at, lane, true);
  view.setUint8(at + 4, rank);
  setUint48(view, at + 8, notBeforeMs);
  let end = at + fixedBytes + bytes.write(text, at + fixedBytes);
  const ascii = end - at - fixedBytes === text.length;
  view.setUint8(at + 5, (ascii ? 1 : 0) + (channel.kind === "queue" ? 2 : 0));
  view.setUint16(at + 6, 0);
  const lengthOf = ascii ? characters : utf8Bytes;
  view.setUint16(at + lengthsAt, lengthOf(id), true);
  view.setUint16(at + lengthsAt + 2, lengthOf(source), true);
  view.setUint16(at + lengthsAt + 4, lengthOf(time), true);
  view.setUint16(at + lengthsAt + 6, lengthOf(key), true);
  view.setUint16(at + lengthsAt + 8, lengthOf(traceparent), true);
  view.setUint16(at + lengthsAt + 10, lengthOf(baggage), true);
  view.setUint16(at + lengthsAt + 12, lengthOf(notBefore), true);
  bytes.set(data, end);
  end += data.length;
  const size = end - used;
  const address = batch.close({ kind: kinds.message, source: channel.number, ordinal, length: size });
  return { address, size, lane, rank, notBeforeMs };
}

/** A message to be written, with its number in its channel. */
export interface Writing {
  readonly message: Message;
  readonly ordinal: number;
}

const characters = (text: string | undefined) => (text === undefined ? none : text.length);
const utf8Bytes = (text: string | undefined) => (text === undefined ? none : Buffer.byteLength(text));

/** A part of memory that holds the body of a message. */
export interface MessageBody extends Bytes {
  readonly from: number;
  readonly end: number;
}

/** What the books must know of a message that is read at the start. */
export function placedMessage({ view, from }: MessageBody, address: number, size: number): PlacedMessage {
  return {
    address,
    size,
    lane: view.getUint32(from, true),
    rank: view.getUint8(from + 4) as Rank,
    notBeforeMs: uint48(view, from + 8),
  };
}

/** What kind of channel a message is of; its name is elsewhere. */
export function channelKind({ view, from }: MessageBody): Channel["kind"] {
  return (view.getUint8(from + 5) & 2) !== 0 ? "queue" : "topic";
}

/** The id of a message. */
export function messageId({ bytes, view, from }: MessageBody): string {
  return bytes.toString("latin1", from + fixedBytes, from + fixedBytes + view.getUint16(from + lengthsAt, true));
}

/** Reads a message; nothing of it is shared with the memory that it is read from. */
export function readMessage({ bytes, view, from, end }: MessageBody, position: string): StoredMessage {
  const read = (view.getUint8(from + 5) & 1) !== 0 ? asciiTexts : utf8Texts;
  const { texts, at } = read(bytes, view, from);
  const [id = "", source = "", time = "", key, traceparent, baggage, notBefore] = texts;
  const data = Buffer.allocUnsafe(end - at);
  bytes.copy(data, 0, at, end);
  const message: { -readonly [Member in keyof StoredMessage]: StoredMessage[Member] } = {
    id,
    source,
    time,
    data,
    position,
  };
  if (key !== undefined) message.key = key;
  if (traceparent !== undefined) message.traceparent = traceparent;
  if (baggage !== undefined) message.baggage = baggage;
  if (notBefore !== undefined) message.notBefore = notBefore;
  const rank = view.getUint8(from + 4);
  if (rank !== ranks.normal) message.priority = priorities[rank];
  return message;
}

interface Texts {
  readonly texts: readonly (string | undefined)[];
  /** Where the data begins. */
  readonly at: number;
}

function asciiTexts(bytes: Buffer, view: DataView, from: number): Texts {
  let total = 0;
  for (let member = 0; member < 7; member++) {
    const length = view.getUint16(from + lengthsAt + member * 2, true);
    if (length !== none) total += length;
  }
  const all = bytes.toString("latin1", from + fixedBytes, from + fixedBytes + total);
  const texts: (string | undefined)[] = [];
  let at = 0;
  for (let member = 0; member < 7; member++) {
    const length = view.getUint16(from + lengthsAt + member * 2, true);
    texts.push(length === none ? undefined : all.substring(at, at + length));
    if (length !== none) at += length;
  }
  return { texts, at: from + fixedBytes + total };
}

function utf8Texts(bytes: Buffer, view: DataView, from: number): Texts {
  const texts: (string | undefined)[] = [];
  let at = from + fixedBytes;
  for (let member = 0; member < 7; member++) {
    const length = view.getUint16(from + lengthsAt + member * 2, true);
    texts.push(length === none ? undefined : bytes.toString("utf8", at, at + length));
    if (length !== none) at += length;
  }
  return { texts, at };
}
