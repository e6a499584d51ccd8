/**
 * What the parser cannot read is refused on the socket itself: there is no request to answer.
 *
 * It is only written where it cannot be taken for the answer to an earlier request of the connection; otherwise the
 * connection is just closed. Either way nothing more is read from it.
 */

import type { Socket } from "node:net";
import { problemOf, problemType } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import type { Line, Lines } from "./exchange.ts";
import type { HttpLimits } from "./limits.ts";

/** Node's parse and timeout errors. */
interface ClientError extends Error {
  readonly code?: string;
  /** The bytes in which the parser stopped. */
  readonly rawPacket?: Buffer;
}

/** Handles `clientError`: answers where that is safe, and closes. */
export function refuseConnection(error: ClientError, socket: Socket, lines: Lines): void {
  const line = lines.get(socket);
  if (line === undefined || error.code === "ECONNRESET" || !socket.writable || socket.bytesRead === 0) {
    socket.destroy();
    return;
  }
  if (line.refused) {
    // The client has stopped sending, so there is nothing left to wait for.
    if (error.code === "HPE_INVALID_EOF_STATE") socket.destroySoon();
    return;
  }
  line.refused = true;
  const { clock, limits, log } = line.serving;
  const refusal = refusalOf(error, socket, limits);
  log.debug("a connection was refused", { code: refusal.code, reason: error.code });
  if (!isAnswerable(line)) {
    socket.destroy();
    return;
  }
  socket.end(textOf(refusal));
  // Closing at once, with bytes of the client unread, would reset the connection and take the answer with it.
  clock.after(limits.lingerMs, () => socket.destroy());
}

/** The line owes no other answer: what cannot be read is a new request, or the body of one that has no answer yet. */
function isAnswerable({ latest, exchanges }: Line): boolean {
  if (latest === undefined || latest.request.complete) return exchanges.size === 0;
  return exchanges.size === 1 && !latest.response.headersSent;
}

function refusalOf(error: ClientError, socket: Socket, limits: HttpLimits): CantleError {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return isInTarget(error, socket, limits)
        ? new CantleError("URI_TOO_LONG", `a request target has at most ${limits.targetBytesMax} characters`)
        : new CantleError("HEADERS_TOO_LARGE", `the header fields have at most ${limits.headersBytesMax} bytes`);
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new CantleError("BODY_TOO_LARGE", "the chunk extensions are too long");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new CantleError("REQUEST_MALFORMED", "the request did not arrive in time", { status: 408 });
    default:
      return new CantleError("REQUEST_MALFORMED", "the request cannot be read as HTTP/1.1");
  }
}

/** The parser counts the target among the header bytes. It was the target when the connection's first line alone is too long. */
function isInTarget({ rawPacket }: ClientError, socket: Socket, { targetBytesMax }: HttpLimits): boolean {
  if (rawPacket === undefined || socket.bytesRead !== rawPacket.length) return false;
  const lineEnd = rawPacket.indexOf("\n");
  return lineEnd < 0 || lineEnd > targetBytesMax;
}

function textOf(refusal: CantleError): string {
  const problem = problemOf(refusal);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
