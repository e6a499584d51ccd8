/** Calling programs that misbehave. They are raw sockets: no HTTP server would send these bytes. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { Call, CantleError, isCantleError, type Operation, type Reply, systemClock } from "@cantle/core";
import type { Connection } from "../transport.ts";
import { dialHttp, type HttpDialOptions } from "./dial.ts";

const good = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
const json = "Content-Type: application/json";

/** A program that answers its connections in turn with these bytes, the last of them for ever; and a way to call it. */
async function program(answers: readonly string[], options: Partial<HttpDialOptions> = {}) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    const answer = answers[Math.min(accepted++, answers.length - 1)] as string;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    socket.on("data", (chunk) => {
      requests.push(chunk.toString("latin1"));
      if (answer === "RESET") socket.resetAndDestroy();
      else if (answer.endsWith("CLOSE")) socket.end(answer.slice(0, -5), "latin1");
      else socket.write(answer, "latin1");
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const connection = dialHttp(`http://127.0.0.1:${port}`, { clock: systemClock, ...options });
  return {
    connection,
    requests,
    sockets,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      await connection.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function operation(rest: Partial<Operation> = {}): Operation {
  return {
    kind: "operation",
    service: "legacy",
    name: "read",
    version: "1.0.0",
    method: "GET",
    path: "/things",
    shape: "value",
    status: 200,
    idempotent: true,
    timeoutMs: 10_000,
    uploadBytesMax: 1 << 30,
    bodyBytesMax: 1 << 20,
    deprecated: false,
    ...rest,
  };
}

const read = operation();
const make = operation({ name: "make", method: "POST", idempotent: false });

function callOf(operation: Operation, value: unknown = {}): Call {
  return new Call(operation, {
    payload: { kind: "value", value },
    peer: { service: "orders", uses: "*" },
    caller: { id: "ann", roles: [], assertion: "assertion-of-ann" },
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: Number.POSITIVE_INFINITY,
  });
}

async function codeOf(promise: Promise<Reply>): Promise<string> {
  return promise.then(
    (reply) => `replied ${reply.kind}`,
    (error) => (isCantleError(error) ? error.code : `not coded: ${error}`),
  );
}

async function assertGood(connection: Connection): Promise<void> {
  const reply = await connection.handle(callOf(read));
  assert.ok(reply.kind === "bytes" && Buffer.from(reply.bytes).toString() === "{}");
}

describe("a program that misbehaves costs its connection and not the next call", () => {
  const malformed: Record<string, string> = {
    "a length beside a transfer coding": `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    "two lengths": `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} `,
    "a length that is no number": `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: +2\r\n\r\n{}`,
    "a broken chunk": `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`,
    "header fields without end": `HTTP/1.1 200 OK\r\n${"X: ".padEnd(20_000, "a")}\r\n\r\n`,
    "many header fields": `HTTP/1.1 200 OK\r\n${"X: aaaaaaaaaaaaaaaaaaaaa\r\n".repeat(2_000)}\r\n`,
    "a control character": "HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 2\r\n\r\n{}",
    "a bare LF": "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "several informational answers": `${"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(5)}${good}`,
    "a continue that nobody asked for": `HTTP/1.1 100 Continue\r\n\r\n${good}`,
    "a tunnel": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "another protocol": "SSH-2.0-OpenSSH_9.9\r\n",
    "a page instead of JSON": "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<h1></h1>",
    "a redirect": "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    "an error that its contract does not know": "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n",
  };
  for (const [title, bytes] of Object.entries(malformed)) {
    test(title, { timeout: 10_000 }, async () => {
      await using backend = await program([bytes, good]);
      assert.equal(await codeOf(backend.connection.handle(callOf(read))), "REPLY_MALFORMED");
      if (/page|redirect|error/.test(title)) return;
      await assertGood(backend.connection);
      assert.equal(backend.accepted(), 2);
    });
  }

  const broken: Record<string, string> = {
    "a reset": "RESET",
    "an end without an answer": "CLOSE",
    "half a head": "HTTP/1.1 200 OK\r\nContent-LeCLOSE",
    "half a body": `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: 20\r\n\r\n{}CLOSE`,
    "half a chunked body": `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nCLOSE`,
  };
  for (const [title, bytes] of Object.entries(broken)) {
    test(title, { timeout: 10_000 }, async () => {
      await using backend = await program([bytes, good]);
      assert.equal(await codeOf(backend.connection.handle(callOf(read))), "UNREACHABLE");
      await assertGood(backend.connection);
      assert.equal(backend.accepted(), 2);
    });
  }

  test("bytes after the end are never the next caller's answer", { timeout: 10_000 }, async () => {
    const poison = good.replace("{}", "[]");
    for (const extra of [poison, "garbage", "\r\n\r\nHTTP/1.1 200 OK\r\n"]) {
      await using backend = await program([good + extra, good]);
      await assertGood(backend.connection);
      await assertGood(backend.connection);
      assert.equal(backend.accepted(), 2, extra);
    }
  });

  test("an answer before the request was sent ends the upload and the connection", { timeout: 10_000 }, async () => {
    await using backend = await program([`HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n`, good]);
    const ended = Promise.withResolvers<void>();
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(64 * 1024);
      } finally {
        ended.resolve();
      }
    }
    const upload = operation({ name: "upload", method: "PUT", shape: "upload" });
    const call = new Call(upload, { ...callOf(upload), upload: { type: "image/png", chunks: endless() } });
    assert.equal(await codeOf(backend.connection.handle(call)), "BODY_TOO_LARGE");
    await ended.promise;
    await assertGood(backend.connection);
    assert.equal(backend.accepted(), 2);
  });

  test("a reply over the limit is not read on", { timeout: 10_000 }, async () => {
    const large = `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: 1000000\r\n\r\n${"1".repeat(200_000)}`;
    await using backend = await program([large, good], { limits: { replyBytesMax: 100_000 } });
    assert.equal(await codeOf(backend.connection.handle(callOf(read))), "REPLY_TOO_LARGE");
    await assertGood(backend.connection);
  });

  test("nobody there is CONNECT_FAILED, at once", { timeout: 10_000 }, async () => {
    const backend = await program([good]);
    await backend[Symbol.asyncDispose]();
    const { port } = await freePort();
    const connection = dialHttp(`http://127.0.0.1:${port}`, { clock: systemClock });
    assert.equal(await codeOf(connection.handle(callOf(read))), "CONNECT_FAILED");
    await connection.close();
  });
});

/** A port on which nobody listens: one that was just free. */
async function freePort(): Promise<AddressInfo> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return address;
}

describe("callers that leave", () => {
  test("do not drain the pool: every way to leave gives the connection back", { timeout: 20_000 }, async () => {
    const stalled = `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhalf`;
    await using backend = await program([stalled], { limits: { connectionsMax: 2 } });
    const download = operation({ name: "download", shape: "download" });
    for (let round = 0; round < 20; round++) {
      const call = callOf(round % 2 === 0 ? download : read);
      const answer = backend.connection.handle(call);
      if (round % 2 === 0) {
        const reply = await answer;
        assert.ok(reply.kind === "download");
        for await (const chunk of reply.download.chunks) {
          assert.ok(chunk.length > 0);
          break;
        }
      } else {
        const reason = new CantleError("CANCELLED", "the client went away");
        call.cancel(reason);
        await assert.rejects(answer, reason);
      }
    }
    const last = await backend.connection.handle(callOf(download));
    assert.equal(last.kind, "download");
    assert.ok(backend.sockets.size <= 3, `${backend.sockets.size} connections are open`);
  });
});

describe("what is told", () => {
  test("a foreign program learns neither the unit's token nor its services", async () => {
    await using backend = await program([good]);
    await backend.connection.handle(callOf(make, { text: "ü" }));
    const request = Buffer.from(backend.requests.join(""), "latin1").toString();
    assert.match(request, /^POST \/things HTTP\/1\.1\r\n/);
    assert.match(request, /^traceparent: 00-0af7651916cd43dd8448eb211c80319c-/m);
    assert.match(request, /^cantle-caller: assertion-of-ann\r$/m);
    assert.match(request, /\r\n\r\n{"text":"ü"}$/);
    assert.doesNotMatch(request, /cantle-(peer|service|operation)|orders/i);
  });

  test("a service of ours learns who calls and what is meant", async () => {
    await using backend = await program([good], { token: () => "token-of-shop" });
    await backend.connection.handle(callOf(read));
    const request = backend.requests.join("");
    assert.match(request, /^cantle-peer: token-of-shop\r$/m);
    assert.match(request, /^cantle-service: orders\r$/m);
    assert.match(request, /^cantle-operation: legacy\.read@1\.0\.0\r$/m);
    assert.equal(request.match(/content-length/gi), null);
  });

  test("there is one length on the wire, whatever an upload says", async () => {
    await using backend = await program([good]);
    const upload = operation({ name: "upload", method: "PUT", shape: "upload" });
    const chunks = (async function* () {
      yield Buffer.from("abc");
    })();
    await backend.connection.handle(
      new Call(upload, { ...callOf(upload), upload: { type: "text/plain", size: 3, chunks } }),
    );
    assert.equal(backend.requests.join("").match(/content-length: 3/gi)?.length, 1);
  });
});
