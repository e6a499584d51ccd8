/**
 * From a call to an HTTP request, by the operation's own method and path.
 *
 *     value ── said as its contract says it: path, query (GET, DELETE, uploads) or JSON body
 *     bytes ── as a body where nothing goes elsewhere; otherwise parsed, and then like a value
 *     http  ── as it came
 */
import { type Addressing, inputInQuery, parametersOf, parseJson, printJson, requestOf } from "@cantle/contract";
import { CantleError, type Operation, type Payload } from "@cantle/core";

/** The parts of a request that carry the input. */
export interface RequestParts {
  /** With the query, encoded. */
  readonly path: string;
  /** Empty where there is none. */
  readonly bytes: Uint8Array;
}

/** Turns payloads of one operation into requests. */
export type WriteRequest = (payload: Payload) => RequestParts;

const noBytes = new Uint8Array(0);

/** Compiles the way from payload to request of an operation. It throws `INPUT_INVALID` for what a request cannot say. */
export function requestWriter(operation: Operation, addressing: Addressing): WriteRequest {
  const { path } = operation;
  const whole = !inputInQuery(operation) && parametersOf(path).length === 0;
  // Nobody reads the input of an operation that has none.
  const ignored = !("input" in operation);

  function ofValue(value: unknown): RequestParts {
    if (whole) return { path, bytes: value === undefined ? noBytes : printJson(value) };
    const members = ignored && (typeof value !== "object" || value === null || Array.isArray(value)) ? {} : value;
    const { path: filled, query, body } = requestOf(operation, members, addressing);
    return { path: withQuery(filled, query), bytes: body === undefined ? noBytes : printJson(body) };
  }

  return (payload) => {
    switch (payload.kind) {
      case "value":
        return ofValue(payload.value);
      case "bytes":
        if (whole) return { path, bytes: payload.bytes };
        return ofValue(payload.bytes.byteLength === 0 ? {} : parseJson(payload.bytes));
      case "http":
        return { path: withQuery(fill(path, payload.params), payload.query), bytes: payload.bytes };
    }
  };
}

function fill(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{([^}]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value !== undefined) return encodeURIComponent(value);
    throw new CantleError("INPUT_INVALID", "a path parameter is missing", { errors: { [name]: ["is required"] } });
  });
}

function withQuery(path: string, query: string): string {
  return query === "" ? path : `${path}?${query}`;
}
