/**
 * Answers that flow: items as Server-Sent Events, downloads as they are.
 *
 * They flow at the reader's pace; a reader that does not read for `sendTimeoutMs` is cut off. However a stream ends (read to
 * its end, failed, cancelled, client gone), its source is let go, once.
 */
import { essenceOf, eventsType, printEvent, problemOf } from "@cantle/contract";
import { asCantleError, type Bytes } from "@cantle/core";
import { alarm } from "./alarm.ts";
import { type Exchange, gone } from "./exchange.ts";

/** What users uploaded may be HTML; a browser that opens it directly runs nothing of it. */
const inertHeader = ["content-security-policy", "default-src 'none'; sandbox"];

/** Answers with items; an error in their middle is the last event. */
export async function answerItems(exchange: Exchange, status: number, items: AsyncIterable<unknown>): Promise<void> {
  const { response } = exchange;
  response.writeHead(status, [...exchange.headers, "content-type", eventsType, "cache-control", "no-store"]);
  try {
    await pour(exchange, items, (item) => printEvent(JSON.stringify(item)));
  } catch (error) {
    if (!response.destroyed) response.write(printEvent(JSON.stringify(problemOf(asCantleError(error))), "error"));
  }
  response.end();
}

/** Answers with bytes; an error in their middle cuts the connection, because half a body must not look like a whole one. */
export async function answerDownload(exchange: Exchange, status: number, download: Bytes): Promise<void> {
  const { request, response } = exchange;
  const length = download.size === undefined ? [] : ["content-length", String(download.size)];
  const type = essenceOf(download.type) === undefined ? "application/octet-stream" : download.type;
  // A source that gives more or less than it said is an error, not a part of the next answer.
  response.strictContentLength = request.method !== "HEAD";
  response.writeHead(status, [...exchange.headers, "content-type", type, ...inertHeader, ...length]);
  try {
    await pour(exchange, download.chunks, (chunk) => chunk);
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** Sends the head that was written, then everything of the source; of a HEAD request's only the head. */
export async function pour<T>(
  exchange: Exchange,
  source: AsyncIterable<T>,
  print: (piece: T) => string | Uint8Array,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    exchange.response.flushHeaders();
    if (exchange.request.method === "HEAD") return;
    for (;;) {
      const next = await unlessCancelled(exchange, iterator.next());
      if (next.done) return;
      await write(exchange, print(next.value));
    }
  } finally {
    // Not awaited: the source may be in the middle of something that never ends.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** The result, or the reason for which the call was cancelled, whichever comes first. */
function unlessCancelled<T>({ call }: Exchange, result: Promise<T>): Promise<T> {
  if (call === undefined) return result;
  return new Promise((resolve, reject) => {
    const forget = call.onCancel(reject);
    result.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error) => {
        forget();
        reject(error);
      },
    );
  });
}

/** Writes; a promise while the client is slower than we are. */
function write({ response, line }: Exchange, chunk: string | Uint8Array): Promise<void> | undefined {
  if (response.destroyed) throw gone();
  if (response.write(chunk)) return undefined;
  const { clock, deadlines, limits } = line.serving;
  return new Promise((resolve, reject) => {
    const forget = alarm(deadlines, clock.nowMs() + limits.sendTimeoutMs, () => response.destroy());
    const settle = () => {
      forget();
      response.removeListener("drain", settle).removeListener("close", settle);
      if (response.destroyed) reject(gone());
      else resolve();
    };
    response.on("drain", settle).on("close", settle);
  });
}
