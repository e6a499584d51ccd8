/**
 * Items over HTTP: Server-Sent Events, the part of https://html.spec.whatwg.org/#server-sent-events that is needed.
 *
 *     data: {"n":1}\n\n            one item, JSON on one line
 *     event: error\ndata: {…}\n\n   the stream failed with this problem; nothing follows
 */
import { CantleError } from "@cantle/core";

/** The media type of a stream of items. */
export const eventsType = "text/event-stream";

/** One event of a stream. */
export interface StreamEvent {
  /** `message` or `error`. */
  readonly event: string;
  readonly data: string;
}

/** An item as bytes to send. */
export function itemEvent(item: unknown): string {
  return `data: ${JSON.stringify(item)}\n\n`;
}

/** A failure as bytes to send. */
export function errorEvent(problem: unknown): string {
  return `event: error\ndata: ${JSON.stringify(problem)}\n\n`;
}

/** Reads events from the chunks of a reply. An event over `eventBytesMax` characters is `REPLY_TOO_LARGE`. */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  eventBytesMax: number,
): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).replace(lineEnd, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    if (rest.length > eventBytesMax) {
      throw new CantleError("REPLY_TOO_LARGE", `an item is at most ${eventBytesMax} bytes`);
    }
    for (const block of blocks) {
      const event = readEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

/** CRLF and CR end a line like LF does; a CR at the very end may be half of a CRLF and waits. */
const lineEnd = /\r\n|\r(?!$|\n)/g;

function readEvent(block: string): StreamEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
  }
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}
