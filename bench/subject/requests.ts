/** The requests that HTTP contestants answer. `{base}` and `{host}` are the contestant's. */
import { largeOrder } from "./orders.ts";

/** The kinds of work. */
export const works = ["GET 300 B", "POST 1 KB"] as const;

/** One request of each kind. */
export const requests: Readonly<Record<string, readonly string[]>> = {
  "GET 300 B": [get()],
  "POST 1 KB": [post()],
};

/** The same, signed in as many users. */
export function requestsOf(tokens: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const fields = tokens.map((token) => `authorization: Bearer ${token}\r\n`);
  return { "GET 300 B": fields.map(get), "POST 1 KB": fields.map(post) };
}

function get(fields = ""): string {
  return `GET {base}/orders/o-4711 HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n${fields}\r\n`;
}

function post(fields = ""): string {
  const body = JSON.stringify(largeOrder);
  return (
    `POST {base}/orders HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${body}`
  );
}
