/**
 * What is checked of every request before anybody looks at its meaning. Node's strict parser has already refused bad line
 * ends, names, control characters, lengths and chunk sizes; this refuses what it lets through.
 *
 * The server joins repeated fields (`joinDuplicateHeaders`), so a second Host, Authorization or Content-Type makes a value
 * with a comma, which no check here or later takes for a single one.
 */
import type { IncomingMessage } from "node:http";
import { CantleError } from "@cantle/core";
import { operationHeader } from "./headers.ts";
import type { HttpLimits } from "./limits.ts";
import { readNamedTarget, readTarget, type Target } from "./target.ts";

const hostShape = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** What a head is checked against. */
export interface HeadRules {
  readonly limits: HttpLimits;
  /** The hosts that are answered for; any where there is none. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** True where requests may name their operation (`cantle-operation`). */
  readonly named: boolean;
}

/** Reads the head of a request. Throws what the client did wrong. */
export function readHead(request: IncomingMessage, { limits, hosts, named }: HeadRules): Target {
  if (request.rawHeaders.length > limits.headersMax * 2) {
    throw new CantleError("HEADERS_TOO_LARGE", `a request has at most ${limits.headersMax} header fields`);
  }
  const url = request.url ?? "";
  if (url.length > limits.targetBytesMax) {
    throw new CantleError("URI_TOO_LONG", `a request target has at most ${limits.targetBytesMax} characters`);
  }
  const { httpVersion } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") {
    throw new CantleError("REQUEST_MALFORMED", "this server speaks HTTP/1.1", { status: 505 });
  }
  const { host, "transfer-encoding": coding } = request.headers;
  if (host === undefined || !hostShape.test(host)) throw malformed("a request has one well-formed Host");
  if (hosts !== undefined && !hosts.has(host.toLowerCase())) {
    throw new CantleError("REQUEST_MALFORMED", "this server does not answer for that host", { status: 421 });
  }
  if (coding !== undefined) checkCoding(request, coding);
  return named && request.headers[operationHeader] !== undefined ? readNamedTarget(url) : readTarget(url, host);
}

/** One coding, `chunked`, in HTTP/1.1, and no length beside it; lists that amount to the same are how framings differ. */
function checkCoding(request: IncomingMessage, coding: string): void {
  if (
    coding.toLowerCase() !== "chunked" ||
    request.httpVersion !== "1.1" ||
    request.headers["content-length"] !== undefined
  ) {
    throw malformed("a request body is framed by one Content-Length, or by Transfer-Encoding: chunked");
  }
}

function malformed(message: string): CantleError {
  return new CantleError("REQUEST_MALFORMED", message);
}
