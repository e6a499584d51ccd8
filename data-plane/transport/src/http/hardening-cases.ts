/** What is well framed and still refused: by its size, its path, the type of its body. */
import { chunked, each, type Family, get, json, post } from "./hardening-family.ts";

/** Faults A16: requests that are too large. */
export const sizes: readonly Family[] = [
  {
    title: "too many or too large fields",
    statuses: [431],
    variants: {
      "101 fields": get(Array.from({ length: 100 }, (_, n) => `X-${n}: a`)),
      "1,000 fields": get(Array.from({ length: 1_000 }, (_, n) => `X-${n}: a`)),
      "1,000 fields of one name": get(Array.from({ length: 1_000 }, () => "X: a")),
      "5,000 empty fields": get(Array.from({ length: 5_000 }, () => "X:")),
      "64 KiB in one value": get([`X: ${"a".repeat(65_536)}`]),
      "64 KiB in one name": get([`${"a".repeat(65_536)}: x`]),
      "64 KiB of cookies": get(Array.from({ length: 64 }, () => `Cookie: ${"a".repeat(1_000)}`)),
    },
  },
  {
    title: "a target that is too long",
    statuses: [414],
    variants: {
      "9 KiB": get([], `GET PATH/${"a".repeat(9 * 1024)} HTTP/1.1`),
      "1 MiB": get([], `GET PATH/${"a".repeat(1 << 20)} HTTP/1.1`),
      "1 MiB of query": get([], `GET PATH?${"a=b&".repeat(1 << 18)} HTTP/1.1`),
      "1 MiB of segments": get([], `GET PATH${"/a".repeat(1 << 19)} HTTP/1.1`),
    },
  },
];

/** Faults B24: paths without a single reading; each stands before, in or after the path of an operation. */
export const paths: readonly Family[] = [
  {
    title: "a path without a single reading",
    statuses: [400],
    variants: Object.fromEntries(
      [
        "//",
        "/./",
        "/../",
        "/%2e%2e/",
        "/.%2e/",
        "/%2E./",
        "/..;/",
        "/.;x=1/",
        "%2f",
        "%2F..%2f",
        "%5c",
        "\\",
        "/..%5c",
        "%00",
        "%0a",
        "%0d%0a",
        "%7f",
        "%c0%af",
        "%c0%ae%c0%ae/",
        "%e0%80%af",
        "%ff",
        "%ed%a0%80",
        "%252f",
        "%252e%252e/",
        "%255c",
        "%2500",
        "%25252f",
      ].flatMap((odd) => [
        [`after: ${odd}`, get([], `GET PATH${odd}things HTTP/1.1`)],
        [`before: ${odd}`, get([], `GET /x${odd}PATH HTTP/1.1`)],
      ]),
    ),
  },
  {
    title: "a path that is not exactly an operation's",
    statuses: [404],
    variants: Object.fromEntries(
      [
        "PATH/",
        "PATH;v=1",
        "PATH.json",
        "PATH%20",
        "PATH/a/b",
        "/__proto__",
        "/constructor",
        "/.well-known/x",
        "/x",
      ].map((path) => [path, get([], `GET ${path} HTTP/1.1`)]),
    ),
  },
];

/** Faults B27: bodies whose type is not exactly understood. */
export const types: readonly Family[] = [
  {
    title: "a body that is not exactly JSON",
    statuses: [415],
    variants: {
      none: post(["Content-Length: 2"], "{}").replace(`${json}\r\n`, ""),
      "none, chunked": chunked("2\r\n{}\r\n0\r\n\r\n").replace(`${json}\r\n`, ""),
      gzip: post(["Content-Encoding: gzip", "Content-Length: 2"], "{}"),
      "identity, gzip": post(["Content-Encoding: identity, gzip", "Content-Length: 2"], "{}"),
      twice: post(["Content-Type: text/plain", "Content-Length: 2"], "{}"),
      "twice the same": post([json, "Content-Length: 2"], "{}"),
      ...each(
        [
          "",
          "text/plain",
          "text/json",
          "application/json5",
          "application/x-json",
          "application/json; charset=utf-16",
          "application/json; charset=utf-7",
          "application/json; charset=utf-8; x=y",
          "application/json;",
          "application/json, text/plain",
          "application/json\u00a0",
          "application/vnd.api+json",
          "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=x",
          "application/*",
          "*/*",
          "json",
        ],
        (type) => post(["Content-Length: 2"], "{}").replace(json, `Content-Type: ${type}`),
      ),
    },
  },
  {
    title: "a body over the limit",
    statuses: [413],
    variants: {
      announced: post(["Content-Length: 1000000"], "{"),
      "announced and sent": post(["Content-Length: 20000"], " ".repeat(20_000)),
      chunked: chunked(`${"1000\r\n".concat(" ".repeat(4096), "\r\n").repeat(8)}0\r\n\r\n`),
      "in single bytes": chunked(`${"1\r\n \r\n".repeat(9_000)}0\r\n\r\n`),
    },
  },
];

/** Faults G103: keys that are none, or more than one. */
export const keys: readonly Family[] = [
  {
    title: "an idempotency key that cannot be told from another",
    statuses: [400],
    variants: {
      two: post(["Idempotency-Key: a", "Idempotency-Key: b", "Content-Length: 2"], "{}"),
      "two the same": post(["Idempotency-Key: a", "idempotency-key: a", "Content-Length: 2"], "{}"),
      empty: post(["Idempotency-Key:", "Content-Length: 2"], "{}"),
      "256 characters": post([`Idempotency-Key: ${"a".repeat(256)}`, "Content-Length: 2"], "{}"),
      "not ASCII": post(["Idempotency-Key: \u00e9", "Content-Length: 2"], "{}"),
    },
  },
];
