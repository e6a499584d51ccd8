/**
 * The load on HTTP contestants, in a process whose work is not counted: so many connections, each of which sends its next
 * request when the answer to the last one is there.
 *
 * It reads only what it must: status and length of an answer. It is no HTTP client, and knows all that it will meet: answers with
 * Content-Length, or chunked.
 */
import { connect, type Socket } from "node:net";
import type { Driven, Part } from "./part.ts";

/** What to send, where, and for how long. */
export interface LoadOrder {
  readonly url: string;
  readonly ms: number;
  readonly connections: number;
  /** Whole requests; each connection keeps to one of them. `{host}` and `{base}` are filled in from the URL. */
  readonly requests: readonly string[];
}

/** The load generator. */
export async function httpLoad(): Promise<Part> {
  return { drive, stop() {} };
}

async function drive({ url, ms, connections, requests }: LoadOrder): Promise<Driven> {
  const { host, hostname, port, pathname } = new URL(url);
  const base = pathname === "/" ? "" : pathname;
  const texts = requests.map((text) => Buffer.from(text.replaceAll("{host}", host).replaceAll("{base}", base)));
  const startMs = performance.now();
  const tally: Tally = { calls: 0, failed: 0, endMs: startMs + ms };
  await Promise.all(
    Array.from({ length: connections }, (_, at) =>
      load(connect({ host: hostname, port: Number(port), noDelay: true }), texts[at % texts.length]!, tally),
    ),
  );
  return { calls: tally.calls, failed: tally.failed, elapsedMs: performance.now() - startMs };
}

interface Tally {
  calls: number;
  failed: number;
  readonly endMs: number;
}

/** One connection until its time is over. A connection that breaks is one failed call, and is not opened again. */
function load(socket: Socket, request: Buffer, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    let answer: Buffer = Buffer.alloc(0);
    let isDone = false;
    const done = (failed: number) => {
      if (isDone) return;
      isDone = true;
      tally.failed += failed;
      socket.destroy();
      resolve();
    };
    socket.on("error", () => done(1)).on("close", () => done(1));
    socket.on("connect", () => socket.write(request));
    socket.on("data", (chunk: Buffer) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
      const length = answerLength(answer);
      if (length === undefined || answer.length < length) return;
      // "HTTP/1.1 2": anything else is a failed call.
      if (answer[9] === 0x32) tally.calls++;
      else tally.failed++;
      answer = answer.subarray(length);
      if (performance.now() < tally.endMs) socket.write(request);
      else done(0);
    });
  });
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");

/** The bytes of the answer that is at the beginning; undefined while that cannot be known. */
export function answerLength(answer: Buffer): number | undefined {
  const end = answer.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = answer.toString("latin1", 0, end + 2);
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head);
  if (length !== null) return end + 4 + Number(length[1]);
  if (!/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return end + 4;
  const last = answer.indexOf(lastChunk, end + 2);
  return last < 0 ? undefined : last + lastChunk.length;
}
