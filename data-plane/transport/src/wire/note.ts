/**
 * The note: what else is to be known of a request or a reply, sent right before it under its number. There are few, so those that
 * have none pay nothing; and it is a kind of frame of its own since version 1.1, so that a side of version 1.0 skips it.
 *
 *     note     text8 name · text16 value
 *
 *     baggage  dialler   what travels with the call, as W3C Baggage writes it
 *     fallback server    the reply stands in for one that did not come: `value`, `function` or `last`
 *
 * A note whose name is not known is skipped, and so is one that no request or reply follows.
 */
import { type Baggage, formatBaggage, parseBaggage, type Reply } from "@cantle/core";
import type { Cursor } from "./cursor.ts";
import { kinds } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { WireVersion } from "./hello.ts";

/** What a note says. */
export type Note =
  | { readonly name: "baggage"; readonly baggage: Baggage }
  | { readonly name: "fallback"; readonly fallback: NonNullable<Reply["fallback"]> };

/** True where the other side knows notes. */
export function takesNotes({ major, minor }: WireVersion): boolean {
  return major > 1 || minor >= 1;
}

/** Writes the note of a request. */
export function writeBaggage(writer: FrameWriter, id: number, baggage: Baggage): void {
  const text = formatBaggage(baggage);
  if (text !== "") write(writer, id, { name: "baggage", text });
}

/** Writes the note of a reply. */
export function writeFallback(writer: FrameWriter, id: number, fallback: NonNullable<Reply["fallback"]>): void {
  write(writer, id, { name: "fallback", text: fallback });
}

/** Reads one; undefined for one that says nothing here. */
export function readNote(cursor: Cursor): Note | undefined {
  const name = cursor.text8();
  const text = cursor.text16();
  if (name === "baggage") {
    const baggage = parseBaggage(text);
    return baggage && { name, baggage };
  }
  return name === "fallback" && isFallback(text) ? { name, fallback: text } : undefined;
}

/** True for what a reply can have been made from. */
export function isFallback(text: unknown): text is NonNullable<Reply["fallback"]> {
  return text === "value" || text === "function" || text === "last";
}

function write(
  writer: FrameWriter,
  id: number,
  { name, text }: { readonly name: string; readonly text: string },
): void {
  writer.begin(kinds.note, id, 3 + (name.length + text.length) * 3);
  writer.text8(name);
  writer.text16(text);
  writer.end();
}
