/**
 * Requests that must be refused, in families: one public advisory mostly shows one member, and a fix that only knows that one
 * is reopened by the next. `HOST` and `PATH` stand for what the target of the suite answers to; strings are bytes (latin1).
 */

/** Variants of one mistake. */
export interface Family {
  /** What the server does, as a sentence. */
  readonly title: string;
  /** Title → the bytes of a whole connection. */
  readonly variants: Readonly<Record<string, string>>;
  /** The statuses that may be answered, besides closing without a word. */
  readonly statuses: readonly number[];
}

export const json = "Content-Type: application/json";
export const smuggled = "GET PATH/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";

export function get(fields: readonly string[] = [], line = "GET PATH HTTP/1.1"): string {
  return [line, "Host: HOST", ...fields, "", ""].join("\r\n");
}

export function post(fields: readonly string[], body = ""): string {
  return ["POST PATH HTTP/1.1", "Host: HOST", json, ...fields, "", body].join("\r\n");
}

export function each(values: readonly string[], request: (value: string) => string): Record<string, string> {
  return Object.fromEntries(values.map((value) => [JSON.stringify(value).slice(0, 60), request(value)]));
}

export const chunked = (body: string) => post(["Transfer-Encoding: chunked"], body);
