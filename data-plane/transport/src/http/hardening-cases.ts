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

const json = "Content-Type: application/json";
const smuggled = "GET PATH/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";

function get(fields: readonly string[] = [], line = "GET PATH HTTP/1.1"): string {
  return [line, "Host: HOST", ...fields, "", ""].join("\r\n");
}

function post(fields: readonly string[], body = ""): string {
  return ["POST PATH HTTP/1.1", "Host: HOST", json, ...fields, "", body].join("\r\n");
}

function each(values: readonly string[], request: (value: string) => string): Record<string, string> {
  return Object.fromEntries(values.map((value) => [JSON.stringify(value).slice(0, 60), request(value)]));
}

const chunked = (body: string) => post(["Transfer-Encoding: chunked"], body);

/** Faults A1 to A11 and A15: the framing of a request, its line, its fields. */
export const framing: readonly Family[] = [
  {
    title: "a length beside a transfer coding",
    statuses: [400],
    variants: {
      "length first": post(["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
      "coding first": post(["Transfer-Encoding: chunked", "Content-Length: 4"], `0\r\n\r\n${smuggled}`),
      "other case": post(["content-LENGTH: 4", "TRANSFER-encoding: CHUNKED"], `0\r\n\r\n${smuggled}`),
      "length zero": post(["Content-Length: 0", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
      "HTTP/1.0": post(["Content-Length: 4", "Transfer-Encoding: chunked"], "0\r\n\r\n").replace(
        "HTTP/1.1",
        "HTTP/1.0",
      ),
    },
  },
  {
    title: "a length that is not one number",
    statuses: [400, 413],
    variants: {
      "two that differ": post(["Content-Length: 2", "Content-Length: 3"], "{} "),
      "two that agree": post(["Content-Length: 2", "Content-Length: 2"], "{}"),
      ...each(
        [
          "5,5",
          "2, 2",
          "+2",
          "0x2",
          "2 2",
          "-1",
          "18446744073709551616",
          "18446744073709551618",
          "9".repeat(40),
          "",
          "2;",
          "1e1",
          "2.0",
          "\u00b2",
          "2\u000b",
          "\u00002",
        ],
        (length) => post([`Content-Length: ${length}`], "{}"),
      ),
      "2^53": post(["Content-Length: 9007199254740993"], "{}"),
    },
  },
  {
    title: "a transfer coding that is not exactly chunked",
    statuses: [400],
    variants: {
      ...each(
        [
          ",chunked",
          "chunked,",
          "chunked, chunked",
          "identity, chunked",
          "chunked, identity",
          "identity",
          "gzip, chunked",
          "gzip",
          "xchunked",
          "chunkedx",
          "chunked;q=1",
          '"chunked"',
          "\u000bchunked",
          "\u000cchunked",
          "chunked\u0000",
          "ch\runked",
          "chunked\u00a0",
          "",
        ],
        (coding) => post([`Transfer-Encoding: ${coding}`], `0\r\n\r\n${smuggled}`),
      ),
      "space before the colon": post(["Transfer-Encoding : chunked"], `0\r\n\r\n${smuggled}`),
      "tab before the colon": post(["Transfer-Encoding\t: chunked"], `0\r\n\r\n${smuggled}`),
      folded: post(["Transfer-Encoding:\r\n chunked"], `0\r\n\r\n${smuggled}`),
      twice: post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
      "twice, one of them other": post(
        ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"],
        `0\r\n\r\n${smuggled}`,
      ),
      "in HTTP/1.0": chunked(`0\r\n\r\n${smuggled}`).replace("HTTP/1.1", "HTTP/1.0"),
      "ninety disguises": post(
        Array.from({ length: 90 }, (_, n) => `Transfer-Encoding: ${"x".repeat(n)}chunked`),
        "0\r\n\r\n",
      ),
      "668 disguises": post(
        Array.from({ length: 668 }, (_, n) => `Transfer-Encoding: ${"\t".repeat(n % 7)}chunked`),
        "0\r\n\r\n",
      ),
    },
  },
  {
    title: "a chunk size that is not a plain hexadecimal number",
    statuses: [400],
    variants: each(
      [
        "0x2",
        "0_2",
        "+2",
        "-2",
        " 2",
        "2 ",
        "\t2",
        "g",
        "",
        "2.",
        "ffffffffffffffff2",
        "10000000000000002",
        "2 2",
        "2\u0000",
        "2h",
      ],
      (size) => chunked(`${size}\r\n{}\r\n0\r\n\r\n`),
    ),
  },
  {
    title: "a chunk that does not end where it says, or with another line end",
    statuses: [400],
    variants: each(
      [
        "2\n{}\r\n0\r\n\r\n",
        "2\r{}\r\n0\r\n\r\n",
        "2\r\n{}\n0\r\n\r\n",
        "2\r\n{}\r0\r\n\r\n",
        "2\r\n{}0\r\n\r\n",
        "2\r\n{} \r\n0\r\n\r\n",
        "2\r\n{}\r\n0\n\n",
        "2\r\n{}\r\n0\r\n\n",
        "2\r\n{}\r\n0\r\n\r\u0000",
        "2;a\nb\r\n{}\r\n0\r\n\r\n",
        "2;a\rb\r\n{}\r\n0\r\n\r\n",
        '2;a="\r\n"\r\n{}\r\n0\r\n\r\n',
        "2;\u0000\r\n{}\r\n0\r\n\r\n",
      ],
      chunked,
    ),
  },
  {
    title: "a chunk extension without end, and a body that breaks off",
    statuses: [400, 413],
    variants: {
      "one of 20,000 bytes": chunked(`2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
      "one of 200,000 bytes": chunked(`2;${"a=b;".repeat(50_000)}`),
      "many of 100 bytes": chunked(`1;${"a".repeat(100)}\r\n{\r\n`.repeat(400)),
      "no last chunk": chunked("2\r\n{}\r\n"),
      "half a chunk": chunked("20\r\n{}"),
      "half a body": post(["Content-Length: 20"], "{}"),
    },
  },
  {
    title: "a line that ends in a bare LF or CR",
    statuses: [400],
    variants: {
      "all LF": get().replaceAll("\r\n", "\n"),
      "request line": get().replace("\r\n", "\n"),
      "one field": get(["X: a\nY: b"]),
      "CR in a value": get(["X: a\rY: b"]),
      "CR and space": get(["X: a\r b"]),
      "the last line": get().replace(/\r\n$/, "\n"),
      "all CR": get().replaceAll("\r\n", "\r"),
      "CR CR LF": get().replace("\r\n", "\r\r\n"),
    },
  },
  {
    title: "a control character in a field value",
    statuses: [400],
    variants: Object.fromEntries(
      Array.from({ length: 0x20 }, (_, code) => code)
        .filter((code) => code !== 0x09)
        .concat(0x7f)
        .map((code) => [`0x${code.toString(16)}`, get([`X-Test: a${String.fromCharCode(code)}b`])]),
    ),
  },
  {
    title: "a field name that is not a token",
    statuses: [400],
    variants: {
      "space before the colon": get(["X-Test : a"]),
      "folded value": get(["X-Test: a\r\n b"]),
      "folded by a tab": get(["X-Test: a\r\n\tb"]),
      "leading space on the first field": `GET PATH HTTP/1.1\r\n Host: HOST\r\n\r\n`,
      "leading tab on the first field": `GET PATH HTTP/1.1\r\n\tHost: HOST\r\n\r\n`,
      "empty name": get([": a"]),
      "no colon": get(["X-Test"]),
      "folded host": "GET PATH HTTP/1.1\r\nHost: HOST\r\n .evil\r\n\r\n",
      ...each(["X(y)", "X y", "X@y", "X\u0000", "X\u007f", "\u00e4", "X\u000b", '"X"', "X[]", "X/y", "X,y"], (name) =>
        get([`${name}: a`]),
      ),
    },
  },
  {
    title: "a request line that is not HTTP/1.1",
    statuses: [400, 405, 505],
    variants: {
      "HTTP/0.9 without a version": "GET PATH\r\n\r\n",
      ...each(
        [
          "HTTP/0.9",
          "HTTP/1.2",
          "HTTP/1.32",
          "HTTP/11.1",
          "HTTP/1.1.1",
          "HTTP/2.0",
          "HTTP/3",
          "HTTP/1",
          "HTTP/-1.1",
          "HTTP/1.x",
          "http/1.1",
          "HTTPS/1.1",
          "HTTP /1.1",
          "HTTP/1.1 x",
        ],
        (version) => get([], `GET PATH ${version}`),
      ),
      ...each(
        ['G=":<>"', "get", "Get", "GET\u0000", "GE T", "FOO", "", "G\u00cbT", "CONNECT", "TRACE", "SOURCE", "M-SEARCH"],
        (method) => get([], `${method} PATH HTTP/1.1`),
      ),
      "HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "a TLS hello": "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
      "another protocol": "HELO example.org\r\n",
      "leading space": ` ${get()}`,
      "tabs for spaces": get([], "GET\tPATH\tHTTP/1.1"),
    },
  },
  {
    title: "a target with bytes that no target has",
    statuses: [400],
    variants: each(
      [
        "\t",
        "\u0000",
        "\u0001",
        "\u007f",
        "\u00e4",
        "\u00ff",
        "#x",
        "\\",
        "<",
        '"',
        "^",
        "`",
        "{",
        "|",
        "%",
        "%2",
        "%zz",
        "%u0041",
      ],
      (bytes) => get([], `GET PATH${bytes}x HTTP/1.1`),
    ),
  },
  {
    title: "a Host that is missing, repeated or malformed",
    statuses: [400],
    variants: {
      missing: "GET PATH HTTP/1.1\r\n\r\n",
      "missing in HTTP/1.0": "GET PATH HTTP/1.0\r\n\r\n",
      twice: get(["Host: evil.example"]),
      "twice the same": get(["Host: HOST"]),
      "twice in other case": get(["hOsT: HOST"]),
      ...each(
        [
          "",
          "a b",
          "a,b",
          "a@b",
          "user:pass@HOST",
          "a/b",
          "/",
          "a:",
          "a:x",
          "a:123456",
          "a:-1",
          "[::1",
          "::1",
          "[::1]x",
          "a?b",
          "a#b",
          "-a",
          "%61",
          "a%00",
          "a\\b",
          "http://a",
          "\u00e4",
          "a\tb",
          "*",
        ],
        (host) => `GET PATH HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      ),
    },
  },
  {
    title: "an absolute target that is not this host's",
    statuses: [400],
    variants: each(
      [
        "http://evil.example",
        "http://user:pass@HOST",
        "http://HOST@evil.example",
        "http://HOST.evil.example",
        "https://HOST",
        "ftp://HOST",
        "HOST:",
        "//HOST",
        "http:HOST",
        "http://",
        "\\\\HOST",
      ],
      (origin) => get([], `GET ${origin}PATH HTTP/1.1`),
    ),
  },
  {
    title: "a target that is no path",
    statuses: [400, 405],
    variants: each(["*", "HOST", "evil.example:80", "PATH?a b", "?", "."], (target) =>
      get([], `GET ${target} HTTP/1.1`),
    ),
  },
  {
    title: "a tunnel that is asked for",
    statuses: [400, 404, 405],
    variants: {
      connect: "CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
      "connect to a path": get([], "CONNECT PATH HTTP/1.1"),
      "connect with an upgrade": get(["Connection: Upgrade", "Upgrade: websocket"], "CONNECT HOST HTTP/1.1"),
      "crafted upgrade target": get(
        ["Connection: Upgrade", "Upgrade: websocket"],
        "GET http://169.254.169.254/ HTTP/1.1",
      ),
      "upgrade to an unknown path": get(
        ["Connection: Upgrade", "Upgrade: websocket"],
        "GET PATH/no/such/path HTTP/1.1",
      ),
    },
  },
];

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
