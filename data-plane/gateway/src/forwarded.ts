/**
 * Which header fields pass a proxy, both ways.
 *
 * Dropped: fields of the one hop (RFC 9110, 7.6.1: the standard ones, and those that `Connection` names); everything that
 * says where a request came from, and everything that begins with `cantle-`, because only the gateway knows that; and names
 * with an underscore, which some programs read as a dash.
 */
import type { IncomingHttpHeaders } from "node:http";

const hop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
  // Of the hop here too: a body that is read may get another length.
  "content-length",
]);
const ours: ReadonlySet<string> = new Set([
  "host",
  "forwarded",
  "via",
  "x-real-ip",
  "traceparent",
  "tracestate",
  "baggage",
]);

/** The fields of a request that go on, as name, value, name, value. Length, host and trace are set by whoever sends it. */
export function requestFields(headers: IncomingHttpHeaders): string[] {
  return passing(headers, (name) => ours.has(name) || name.startsWith("x-forwarded-"));
}

/** The fields of an answer that go on, as name, value, name, value. The length goes on where the body does. */
export function answerFields(headers: IncomingHttpHeaders): string[] {
  return passing(headers, () => false);
}

function passing(headers: IncomingHttpHeaders, isOurs: (name: string) => boolean): string[] {
  const named = namedBy(headers.connection);
  const fields: string[] = [];
  for (const name of Object.keys(headers)) {
    if (hop.has(name) || named?.has(name) || name.includes("_") || name.startsWith("cantle-") || isOurs(name)) continue;
    const value = headers[name];
    if (typeof value === "string") fields.push(name, value);
    else for (const one of value ?? []) fields.push(name, one);
  }
  return fields;
}

function namedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return undefined;
  return new Set(connection.toLowerCase().split(/[\s,]+/));
}
