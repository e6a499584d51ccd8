/**
 * The header fields with which calls travel over HTTP.
 *
 * Those that begin with `cantle-` are between services: a gateway takes none of them from outside and sends its own.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Baggage, parseBaggage, parseTrace, type Trace } from "@cantle/core";

/** `cantle-peer`: the token of the unit that calls. */
export const peerHeader = "cantle-peer";
/** `cantle-service`: which of the unit's services calls. */
export const serviceHeader = "cantle-service";
/** `cantle-caller`: the assertion of the user on whose behalf the call is made. */
export const callerHeader = "cantle-caller";
/** `cantle-timeout-ms`: what is left of the deadline. */
export const timeoutHeader = "cantle-timeout-ms";
/** `cantle-operation`: `service.operation@version`, so that a path parameter is never taken for another route. */
export const operationHeader = "cantle-operation";
/** `cantle-retried`: a hop below has retried to get this reply. */
export const retriedHeader = "cantle-retried";

/** `cantle-fallback`: the reply stands in for one that did not come; what it was made from. Outside too. */
export const fallbackHeader = "cantle-fallback";

/** One header field, as text; repeated ones were joined. */
export function fieldOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** The trace that a request is part of; a new one where there is none, or none that can be read. */
export function traceOf(headers: IncomingHttpHeaders, begin: () => Trace): Trace {
  const parent = fieldOf(headers, "traceparent");
  if (parent === undefined) return begin();
  return parseTrace(parent, fieldOf(headers, "tracestate")) ?? begin();
}

/** What travels with a call; undefined where there is nothing, or nothing that can be read. */
export function baggageOf(headers: IncomingHttpHeaders): Baggage | undefined {
  return parseBaggage(fieldOf(headers, "baggage"));
}
