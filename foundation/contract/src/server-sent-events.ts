/**
 * Server-Sent Events (WHATWG HTML, 9.2), both directions: how a stream of items looks over HTTP.
 *
 *     data: {"id":1}          an item, as JSON
 *
 *     event: error            the stream failed; the data is a problem (RFC 9457), and nothing follows
 *     data: {"code":...}
 *
 * The parser takes bytes as they come, cut anywhere: inside a character, between CR and LF. An event without its blank line
 * is not an event. Reconnection (`id`, `retry`) is not here: an operation's stream is answered once.
 */
import { CantleError } from "@cantle/core";

/** One event. */
export interface ServerSentEvent {
  /** `message` where the sender named none. */
  readonly event: string;
  readonly data: string;
}

/** The longest line and the longest data of one event where nothing else is said, characters; longer ones are `REPLY_TOO_LARGE`. */
export const eventCharsMax = 1024 * 1024;

/** The media type of a stream of events. */
export const eventsType = "text/event-stream";

/** An event as text. Line breaks in the data become lines of their own, as the format wants it. */
export function printEvent(data: string, event?: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${event === undefined ? "" : `event: ${event}\n`}${lines.join("")}\n`;
}

/** The events of a body, as they arrive. */
export async function* eventsOf(
  chunks: AsyncIterable<Uint8Array>,
  charsMax = eventCharsMax,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const parser = new EventParser(charsMax);
  for await (const chunk of chunks) yield* parser.push(chunk);
}

/** Cuts bytes into lines and lines into events; keeps what is incomplete until the rest comes. */
export class EventParser {
  readonly #decoder = new TextDecoder();
  #line = "";
  /** The last line ended with CR: a LF that comes next belongs to the same line end. */
  #afterCr = false;
  #event = "";
  #data: string[] = [];
  #dataChars = 0;
  readonly #charsMax: number;

  constructor(charsMax = eventCharsMax) {
    this.#charsMax = charsMax;
  }

  /** The events that `chunk` completes. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return [];
    if (this.#afterCr && text.startsWith("\n")) text = text.slice(1);
    this.#afterCr = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    const rest = lines.pop() as string;
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      const event = this.#take(this.#line + line);
      this.#line = "";
      if (event !== undefined) events.push(event);
    }
    this.#line += rest;
    bounded(this.#line.length, this.#charsMax);
    return events;
  }

  #take(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#event = value;
    else if (field === "data") {
      this.#data.push(value);
      this.#dataChars += value.length + 1;
      bounded(this.#dataChars, this.#charsMax);
    }
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event =
      this.#data.length === 0 ? undefined : { event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    this.#dataChars = 0;
    return event;
  }
}

function bounded(chars: number, charsMax: number): void {
  if (chars > charsMax) throw new CantleError("REPLY_TOO_LARGE", `an event is longer than ${charsMax} characters`);
}
