/**
 * From a call to an HTTP request, by the operation's own method and path.
 *
 *     value ── members in the path template ─▶ path, the rest ─▶ query (GET, DELETE, uploads) or JSON body
 *     bytes ── as a body where nothing goes elsewhere; otherwise parsed, and then like a value
 *     http  ── as it came
 *
 * A query says text: an array becomes a repeated name, an object its JSON, and what is undefined is left out. An empty array
 * cannot be told from none.
 */
import { parametersOf, parseJson, printJson } from "@cantle/contract";
import { CantleError, type Operation, type Payload } from "@cantle/core";

/** The parts of a request that carry the input. */
export interface RequestParts {
  /** With the query, encoded. */
  readonly path: string;
  /** Empty where there is none. */
  readonly bytes: Uint8Array;
}

/** Turns payloads of one operation into requests. */
export type RequestOf = (payload: Payload) => RequestParts;

const noBytes = new Uint8Array(0);

/** Compiles the way from payload to request of an operation. */
export function requestOf(operation: Operation): RequestOf {
  const { path, method, shape } = operation;
  const names = parametersOf(path);
  const inQuery = method === "GET" || method === "DELETE" || shape === "upload";
  const whole = names.length === 0 && !inQuery;

  function ofValue(value: unknown): RequestParts {
    if (whole) return { path, bytes: value === undefined ? noBytes : printJson(value) };
    if (value !== undefined && value !== null && (typeof value !== "object" || Array.isArray(value))) {
      throw new CantleError("INPUT_INVALID", "the input is one object");
    }
    const { params, rest } = divide((value ?? {}) as Record<string, unknown>, names);
    const filled = fill(path, params);
    if (inQuery) return { path: withQuery(filled, queryOf(rest)), bytes: noBytes };
    return { path: filled, bytes: Object.keys(rest).length === 0 ? noBytes : printJson(rest) };
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

function divide(value: Record<string, unknown>, names: readonly string[]) {
  const params: Record<string, string> = {};
  const rest: Record<string, unknown> = { ...value };
  for (const name of names) {
    if (value[name] !== undefined) params[name] = textOf(value[name]);
    delete rest[name];
  }
  return { params, rest };
}

function fill(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{([^}]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value === undefined) {
      throw new CantleError("INPUT_INVALID", "a path parameter is missing", { errors: { [name]: ["is required"] } });
    }
    return encoded(value, name);
  });
}

function encoded(value: string, name: string): string {
  try {
    return encodeURIComponent(value);
  } catch (cause) {
    throw new CantleError("INPUT_INVALID", "a path parameter is not text", {
      cause,
      errors: { [name]: ["is not Unicode text"] },
    });
  }
}

function queryOf(members: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, textOf(item));
  }
  return search.toString();
}

function withQuery(path: string, query: string): string {
  return query === "" ? path : `${path}?${query}`;
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
