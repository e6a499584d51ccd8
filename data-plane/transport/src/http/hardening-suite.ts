/**
 * What every HTTP edge of ours must withstand, as tests: a service's listener and the gateway run the same.
 *
 * Each variant has a connection of its own, written as raw bytes. It must be answered with one of its family's statuses, once,
 * as a problem document with a code, or be closed without a word; no handler may be entered; and the next client is served.
 */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Call, isCode, type Operation, type Reply } from "@cantle/core";
import type { Served } from "../transport.ts";
import { keys, paths, sizes, types } from "./hardening-cases.ts";
import type { Family } from "./hardening-family.ts";
import { framing } from "./hardening-framing.ts";
import type { HttpLimits } from "./limits.ts";

/** An edge that runs. */
export interface HardenedEdge {
  readonly port: number;
  /** What stands before the operations' paths; empty where nothing does. */
  readonly prefix: string;
  stop(): Promise<void>;
}

/** Starts an edge that serves these operations to anybody. */
export type StartEdge = (served: readonly Served[], limits: Partial<HttpLimits>) => Promise<HardenedEdge>;

/** Describes the tests of an edge called `name`. */
export function hardeningSuite(name: string, start: StartEdge): void {
  for (const [what, families] of Object.entries({ framing, sizes, paths, types, keys })) {
    describe(`${name} refuses by ${what}`, () => refusals(start, families));
  }
  describe(`${name} in spite of odd requests`, () => oddities(start));
  describe(`${name} cuts off`, () => cuts(start));
}

function refusals(start: StartEdge, families: readonly Family[]): void {
  const backend = createBackend();
  let edge: HardenedEdge;
  before(async () => {
    edge = await start(backend.served, {});
  });
  after(() => edge.stop());
  for (const { title, variants, statuses } of families) {
    test(title, { timeout: 60_000 }, async () => {
      for (const [variant, bytes] of Object.entries(variants)) {
        const heads = headsOf(await talk(edge, bytes));
        assert.ok(heads.length <= 1, `${variant}: answered ${heads.length} times`);
        for (const { status, code } of heads) {
          assert.ok(statuses.includes(status), `${variant}: answered ${status}`);
          assert.ok(isCode(code), `${variant}: answered without a code`);
        }
        const entered = backend.seen.splice(0).map((call) => call.operation.name);
        assert.deepEqual(entered, [], `${variant}: a handler was entered`);
      }
      await assertAlive(edge, backend);
    });
  }
}

function oddities(start: StartEdge): void {
  const backend = createBackend();
  let edge: HardenedEdge;
  const tell = async (bytes: string) => {
    backend.seen.length = 0;
    return headsOf(await talk(edge, bytes)).map(({ status }) => status);
  };
  before(async () => {
    edge = await start(backend.served, {});
  });
  after(() => edge.stop());

  test("trailers change nothing", async () => {
    const trailers = "Authorization: Bearer x\r\nIdempotency-Key: k\r\nHost: evil\r\nX-Forwarded-For: 1.2.3.4\r\n";
    const body = `2\r\n{}\r\n0\r\n${trailers}\r\n`;
    const head =
      "POST PATH HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert.deepEqual(await tell(head + body), [200]);
    assert.deepEqual([backend.seen[0]?.idempotencyKey, backend.seen[0]?.caller], [undefined, undefined]);
  });

  test("an upgrade is answered as the request that it is, and never tunnelled", async () => {
    for (const upgrade of ["websocket", "h2c", "TLS/1.0", "websocket, h2c"]) {
      const fields = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nSec-WebSocket-Key: eA==\r\n`;
      assert.deepEqual(await tell(`GET PATH HTTP/1.1\r\nHost: HOST\r\n${fields}\r\n`), [200], upgrade);
    }
  });

  test("fields that every object has are ordinary fields", async () => {
    const fields = [
      "__proto__: x",
      "__proto__: y",
      "constructor: x",
      "prototype: x",
      "toString: x",
      "hasOwnProperty: x",
    ].join("\r\n");
    assert.deepEqual(await tell(`GET PATH HTTP/1.1\r\nHost: HOST\r\n${fields}\r\n\r\n`), [200]);
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  });

  test("a broken trace begins a new one, whatever its size", async () => {
    for (const [field, value] of [
      "x",
      "00-0-0-0",
      `00-${"0".repeat(32)}-${"0".repeat(16)}-01`,
      "a".repeat(8_000),
    ].flatMap((value) => ["traceparent", "tracestate", "baggage"].map((field) => [field, value] as const))) {
      assert.deepEqual(await tell(`GET PATH HTTP/1.1\r\nHost: HOST\r\n${field}: ${value}\r\n\r\n`), [200], field);
      assert.match(backend.seen[0]?.trace.traceId ?? "", /^(?!0+$)[0-9a-f]{32}$/);
    }
  });

  test("an expectation that cannot be met is refused, and 100-continue waits until the body is wanted", async () => {
    assert.deepEqual(await tell("GET PATH HTTP/1.1\r\nHost: HOST\r\nExpect: 200-ok\r\n\r\n"), [417]);
    const expecting = (path: string, length: number) =>
      `POST ${path} HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    assert.deepEqual(await tell(`${expecting("PATH", 2)}{}`), [100, 200]);
    assert.deepEqual(await tell(expecting("/nowhere", 2)), [404]);
    assert.deepEqual(await tell(expecting("PATH", 1_000_000)), [413]);
  });

  test("the body of a refused request is never taken for another request", async () => {
    const inner = "GET PATH/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";
    const body = inner.repeat(4_000);
    for (const head of [
      "POST /nowhere HTTP/1.1\r\nContent-Type: application/json",
      "POST PATH HTTP/1.1\r\nContent-Type: text/plain",
      "POST PATH HTTP/1.1\r\nContent-Type: application/json",
      "POST /nowhere HTTP/1.1\r\nExpect: 100-continue\r\nContent-Type: application/json",
      "GET PATH HTTP/1.1",
    ]) {
      const request = `${head}\r\nHost: HOST\r\nContent-Length: ${fill(body, edge).length}\r\n\r\n${body}`;
      assert.equal((await tell(request)).length, 1, head);
      assert.ok(!backend.seen.some((call) => call.operation === read), head);
    }
  });

  test("HEAD has the fields of GET and no body, OPTIONS and 405 say what is allowed", async () => {
    const head = await talk(edge, "HEAD PATH HTTP/1.1\r\nHost: HOST\r\n\r\n");
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*content-length: 2\r\n(?:.*\r\n)*\r\n$/i);
    const options = await talk(edge, "OPTIONS PATH HTTP/1.1\r\nHost: HOST\r\n\r\n");
    assert.match(options, /^HTTP\/1\.1 204 [\s\S]*allow: GET, POST, HEAD, OPTIONS\r\n/i);
    assert.match(
      await talk(edge, "DELETE PATH HTTP/1.1\r\nHost: HOST\r\n\r\n"),
      /^HTTP\/1\.1 405 [\s\S]*allow: GET, POST, HEAD, OPTIONS\r\n/i,
    );
    assert.match(await talk(edge, "OPTIONS /nowhere HTTP/1.1\r\nHost: HOST\r\n\r\n"), /^HTTP\/1\.1 404 /);
  });

  test("a request without a body needs no content type", async () => {
    assert.deepEqual(await tell("POST PATH HTTP/1.1\r\nHost: HOST\r\n\r\n"), [200]);
    assert.deepEqual(await tell("POST PATH HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n"), [200]);
    assert.deepEqual(await tell("GET PATH HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n\r\n"), [200]);
  });

  test("pipelined requests are answered in order, and what follows a broken one is not read", async () => {
    const one = "GET PATH HTTP/1.1\r\nHost: HOST\r\n\r\n";
    assert.deepEqual(await tell(one.repeat(3)), [200, 200, 200]);
    await tell(`X ${one}${one}`);
    assert.equal(backend.seen.length, 0);
  });
}

function cuts(start: StartEdge): void {
  const limits = {
    headersTimeoutMs: 100,
    bodyTimeoutMs: 100,
    requestTimeoutMs: 400,
    sendTimeoutMs: 100,
    lingerMs: 50,
    connectionsMax: 40,
  };
  const backend = createBackend();
  let edge: HardenedEdge;
  before(async () => {
    edge = await start(backend.served, limits);
  });
  after(() => edge.stop());

  /** Opens a connection, writes without ending it, and waits until the other side has. */
  async function outwait(bytes: string): Promise<string> {
    const socket = connect(edge.port, "127.0.0.1");
    socket.write(fill(bytes, edge), "latin1");
    return (await received(socket)).toString("latin1");
  }

  test("connections on which nothing, or half a head, arrives", { timeout: 20_000 }, async () => {
    for (const bytes of ["", "GET", "GET PATH HTTP/1.1\r\nHost: HOST\r\n", "GET PATH HTTP/1.1\r\nHost: HOST\r\nX: "]) {
      const heads = headsOf(await outwait(bytes));
      assert.ok(heads.every(({ status }) => status === 408) && heads.length <= 1, bytes);
    }
    await assertAlive(edge, backend);
  });

  test("bodies that do not arrive", { timeout: 20_000 }, async () => {
    const head = "POST PATH HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n";
    for (const rest of [
      "Content-Length: 10\r\n\r\n{",
      "Content-Length: 1000\r\nConnection: close\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    ]) {
      assert.deepEqual(
        headsOf(await outwait(head + rest)).map(({ status }) => status),
        [408],
        rest,
      );
    }
    assert.equal(backend.seen.length, 0);
    await assertAlive(edge, backend);
  });

  test("readers that do not read, whose source is then let go", { timeout: 20_000 }, async () => {
    const socket = connect(edge.port, "127.0.0.1");
    socket.pause();
    socket.write(fill("GET /endless HTTP/1.1\r\nHost: HOST\r\n\r\n", edge));
    await backend.endlessEnded;
    assert.ok((await received(socket)).length > 0);
    await assertAlive(edge, backend);
  });

  test("connections over the limit, and serves again when some have gone", { timeout: 20_000 }, async () => {
    const sockets = Array.from({ length: 60 }, () => connect(edge.port, "127.0.0.1"));
    await Promise.all(sockets.map((socket) => received(socket)));
    await assertAlive(edge, backend);
  });
}

/** Writes the bytes, ends the sending side, and answers with everything that came until the connection was closed. */
async function talk(edge: HardenedEdge, bytes: string): Promise<string> {
  const socket = connect(edge.port, "127.0.0.1");
  socket.end(fill(bytes, edge), "latin1");
  return (await received(socket)).toString("latin1");
}

function received(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A server that closes while we still write resets the connection; what it said before counts.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(chunks)));
    socket.resume();
  });
}

function fill(bytes: string, { port, prefix }: HardenedEdge): string {
  return bytes
    .replaceAll("HOST", `127.0.0.1:${port}`)
    .replaceAll("PATH", `${prefix}/things`)
    .replaceAll("/endless", `${prefix}/endless`);
}

/** The statuses and codes of everything that was answered. Statuses below 200 and the answer to HEAD have no body. */
function headsOf(text: string): { status: number; code: string | undefined }[] {
  const heads = [];
  for (let at = 0; at < text.length; ) {
    const head = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/.exec(text.slice(at));
    assert.ok(head !== null, `not an answer: ${text.slice(at, at + 80)}`);
    const bodyAt = at + head[0].length;
    at = bodyAt + Number(/^content-length: (\d+)/im.exec(head[0])?.[1] ?? 0);
    heads.push({ status: Number(head[1]), code: /"code":"(\w+)"/.exec(text.slice(bodyAt, at))?.[1] });
  }
  return heads;
}

async function assertAlive(edge: HardenedEdge, backend: Backend): Promise<void> {
  backend.seen.length = 0;
  const answer = await talk(edge, "GET PATH HTTP/1.1\r\nHost: HOST\r\n\r\n");
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(backend.seen.length, 1);
  backend.seen.length = 0;
}

interface Backend {
  readonly served: readonly Served[];
  readonly seen: Call[];
  /** Resolves when somebody let go of `/endless`. */
  readonly endlessEnded: Promise<void>;
}

function operation(name: string, rest: Partial<Operation>): Operation {
  return {
    kind: "operation",
    service: "things",
    name,
    version: "1.0.0",
    method: "GET",
    path: "/things",
    shape: "value",
    status: 200,
    access: "public",
    idempotent: true,
    timeoutMs: 10_000,
    uploadBytesMax: 0,
    bodyBytesMax: 8 * 1024,
    deprecated: false,
    ...rest,
  };
}

const read = operation("read", { path: "/things/smuggled" });

function createBackend(): Backend {
  const seen: Call[] = [];
  const ended = Promise.withResolvers<void>();
  const handle = async (call: Call): Promise<Reply> => {
    seen.push(call);
    return { kind: "value", value: {} };
  };
  const endless = async (): Promise<Reply> => ({
    kind: "download",
    download: { type: "text/plain", chunks: zeros(ended.resolve) },
  });
  return {
    seen,
    endlessEnded: ended.promise,
    served: [
      { operation: operation("list", {}), handle },
      { operation: operation("make", { method: "POST", idempotent: false }), handle },
      { operation: read, handle },
      { operation: operation("endless", { path: "/endless", shape: "download" }), handle: endless },
    ],
  };
}

async function* zeros(ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield Buffer.alloc(64 * 1024);
  } finally {
    ended();
  }
}
