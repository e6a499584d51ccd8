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
]);
const ours: ReadonlySet<string> = new Set([
  "host",
  "forwarded",
  "via",
  "x-real-ip",
  "traceparent",
  "tracestate",
  "content-length",
]);

/** The fields of a request that go on, as name, value, name, value. Length, host and trace are set by whoever sends it. */
export function requestFields(headers: IncomingHttpHeaders): string[] {
  return passing(headers, (name) => ours.has(name) || name.startsWith("x-forwarded-"));
}

/** The fields of an answer that go on, as name, value, name, value. The length goes on where the body does. */
export function answerFields(headers: IncomingHttpHeaders): string[] {
  return passing(headers, () => false);
}

function passing(headers: IncomingHttpHeaders, dropped: (name: string) => boolean): string[] {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/[\s,]+/));
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hop.has(name) || named.has(name)) continue;
    if (name.includes("_") || name.startsWith("cantle-") || dropped(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) fields.push(name, one);
  }
  return fields;
}
