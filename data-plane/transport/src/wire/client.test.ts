/** The dialling end against a server that keeps no rules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type CallStart, CantleError, isCantleError, type Operation, virtualClock } from "@cantle/core";
import type { DialOptions } from "./client.ts";
import { dialPipe } from "./dial.ts";
import { kinds } from "./frame.ts";
import { pipePair } from "./pipe-pair.ts";
import { RawPeer, rawFrame } from "./raw-peer.ts";

const operation = { service: "things", name: "echo", version: "1.2.0" } as Operation;

function dial(options: Partial<DialOptions> = {}) {
  const clock = virtualClock();
  const [near, far] = pipePair();
  const server = new RawPeer(far);
  const connection = dialPipe(near, { clock, token: "token-of-shop", services: ["orders"], ...options });
  const call = (start: Partial<CallStart> = {}) => connection.handle(callOf(start));
  return { clock, server, connection, call };
}

function callOf(start: Partial<CallStart> = {}): Call {
  return new Call(operation, {
    payload: { kind: "value", value: {} },
    peer: { service: "orders", uses: "*" },
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: Number.POSITIVE_INFINITY,
    ...start,
  });
}

async function failure(promise: Promise<unknown>): Promise<CantleError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(isCantleError(error), `not coded: ${error}`);
    return error;
  }
  return assert.fail("it did not fail");
}

const ok = Buffer.from(`\0{"ok":1}`);

test("calls made before the hello wait for it, and go out in order", async () => {
  const { server, connection, call } = dial();
  const replies = [call(), call()];
  assert.equal(connection.state, "connecting");
  await server.next(kinds.hello);
  assert.equal(server.frames.length, 0);
  server.hello();
  assert.equal((await server.next(kinds.request)).call, 1);
  assert.equal((await server.next(kinds.request)).call, 2);
  assert.equal(connection.state, "open");
  server.frame(kinds.reply, 2, ok);
  server.frame(kinds.reply, 1, ok);
  await Promise.all(replies);
  await connection.close();
});

test("a call that is cancelled while it waits for the hello never leaves", async () => {
  const { server, connection, call } = dial();
  const cancelled = callOf();
  const first = failure(connection.handle(cancelled));
  const second = call();
  cancelled.cancel(new CantleError("DEADLINE_EXCEEDED", "late"));
  assert.equal((await first).code, "DEADLINE_EXCEEDED");
  server.hello();
  await server.next(kinds.request);
  assert.equal(server.frames.filter(({ kind }) => kind === kinds.request || kind === kinds.cancel).length, 0);
  server.frame(kinds.reply, 1, ok);
  await second;
  await connection.close();
});

for (const [code, seen] of [
  ["PEER_REFUSED", "PEER_REFUSED"],
  ["WIRE_VERSION", "WIRE_VERSION"],
  ["FRAME_INVALID", "CONNECT_FAILED"],
  ["A_CODE_OF_TOMORROW", "CONNECT_FAILED"],
] as const) {
  test(`a refusal with ${code} fails what waits with ${seen}`, async () => {
    const { server, connection, call } = dial();
    const answer = failure(call());
    server.frame(kinds.goaway, 0, `${String.fromCharCode(code.length)}${code}\0\u0002no`);
    assert.equal((await answer).code, seen);
    await server.closed;
    assert.equal(connection.state, "closed");
  });
}

test("a server of a version not spoken here is refused with WIRE_VERSION", async () => {
  const { server, call } = dial();
  const answer = failure(call());
  server.hello({ versions: [2, 0] });
  assert.equal((await answer).code, "WIRE_VERSION");
  await server.closed;
});

test("a release that speaks two versions offers both, and speaks the older with an older server", async () => {
  const versions = [
    { major: 2, minor: 3 },
    { major: 1, minor: 7 },
  ];
  const { server, connection, call } = dial({ versions });
  const answer = call();
  const hello = await server.next(kinds.hello);
  assert.equal(hello.body.subarray(4, 9).toString("hex"), "0202030107");
  server.hello({ versions: [1, 0] });
  server.frame(99, 0, "from a newer minor");
  await server.next(kinds.request);
  server.frame(kinds.reply, 1, ok);
  await answer;
  await connection.close();
});

for (const [minor, notes] of [
  [0, []],
  [1, ["\x07baggage\0\x0acanary=yes"]],
] as const)
  test(`what travels with a call is said to a server of version 1.${minor}: ${notes.length} notes`, async () => {
    const { server, connection, call } = dial();
    const answer = call({ baggage: { canary: "yes" } });
    server.hello({ versions: [1, minor] });
    await server.next(kinds.request);
    assert.deepEqual(
      server.frames
        .filter(({ kind }) => kind === kinds.note)
        .map(({ call, body }) => `${call}${body.toString("latin1")}`),
      notes.map((body) => `1${body}`),
    );
    server.frame(kinds.note, 1, "\x08fallback\0\x04last");
    server.frame(kinds.note, 1, "\x08fallback\0\x05bogus");
    server.frame(kinds.note, 1, "\x05newer\0\x011");
    server.frame(kinds.note, 77, "\x08fallback\0\x04last");
    server.frame(kinds.reply, 1, ok);
    assert.equal((await answer).fallback, "last");
    await connection.close();
  });

test("a server that never says hello is given up after the handshake's time", async () => {
  const { clock, server, call } = dial({ limits: { handshakeTimeoutMs: 100 } });
  const answer = failure(call());
  await clock.advance(101);
  assert.equal((await answer).code, "CONNECT_FAILED");
  await server.closed;
});

test("a stopped server is given up, and what is under way fails with UNREACHABLE", async () => {
  const { clock, server, connection, call } = dial({ limits: { pingEveryMs: 100, pingsMissedMax: 3 } });
  const answer = failure(call());
  server.hello();
  await server.next(kinds.request);
  await clock.advance(1000);
  assert.equal((await answer).code, "UNREACHABLE");
  assert.equal(connection.state, "closed");
});

const wrongFrames: Readonly<Record<string, Buffer>> = {
  "the answer of a web server": Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
  "a length of 2^32-1": Buffer.from("ffffffff03", "hex"),
  "an empty reply": rawFrame(kinds.reply, 1),
  "a download whose type ends early": rawFrame(kinds.reply, 1, Buffer.from("04ffff", "hex")),
  "data of no stream": rawFrame(kinds.data, 1, "x"),
  "the end of no stream": rawFrame(kinds.end, 1),
  "a request": rawFrame(kinds.request, 1, "x"),
  "a cancel": rawFrame(kinds.cancel, 1, "\u0001x"),
  "a second hello": rawFrame(kinds.hello, 0, "CNTL"),
};
for (const [name, bytes] of Object.entries(wrongFrames)) {
  test(`${name} from a server fails what is under way with REPLY_MALFORMED and closes`, async () => {
    const { server, call } = dial();
    const answers = [failure(call()), failure(call())];
    server.hello();
    await server.next(kinds.request);
    server.bytes(bytes);
    for (const answer of answers) assert.equal((await answer).code, "REPLY_MALFORMED");
    await server.closed;
  });
}

for (const record of [
  "",
  "null",
  "[]",
  "{}",
  `{"code":"constructor","message":"x"}`,
  `{"code":"INTERNAL"}`,
  `{"code":`,
]) {
  test(`an error that reads ${record || "as nothing"} is REPLY_MALFORMED, and the connection goes on`, async () => {
    const { server, connection, call } = dial();
    const answer = failure(call());
    server.hello();
    await server.next(kinds.request);
    server.frame(kinds.error, 1, record);
    assert.equal((await answer).code, "REPLY_MALFORMED");
    const next = call();
    await server.next(kinds.request);
    server.frame(kinds.reply, 2, ok);
    await next;
    await connection.close();
  });
}

test("an item that is not JSON fails its stream and cancels it, and nothing else", async () => {
  const { server, connection, call } = dial();
  const answer = call();
  server.hello();
  await server.next(kinds.request);
  server.frame(kinds.reply, 1, "\u0002");
  server.frame(kinds.data, 1, "{");
  const reply = await answer;
  assert.ok(reply.kind === "items");
  assert.equal((await failure(reply.items[Symbol.asyncIterator]().next())).code, "REPLY_MALFORMED");
  await server.next(kinds.cancel);
  assert.equal(connection.state, "open");
  await connection.close();
});

test("a server that goes past the window of a stream is cut off", async () => {
  const { server, call } = dial({ limits: { streamWindowBytes: 1000 } });
  const answer = call();
  server.hello();
  await server.next(kinds.request);
  server.frame(kinds.reply, 1, "\u0002");
  const reply = await answer;
  assert.ok(reply.kind === "items");
  for (let sent = 0; sent < 3; sent++) server.frame(kinds.data, 1, JSON.stringify("x".repeat(600)));
  await server.closed;
  assert.equal((await failure(reply.items[Symbol.asyncIterator]().next())).code, "REPLY_MALFORMED");
});

test("a stream gives credit back as it is read, and never before", async () => {
  const { server, connection, call } = dial({ limits: { streamWindowBytes: 1000 } });
  const answer = call();
  server.hello();
  await server.next(kinds.request);
  server.frame(kinds.reply, 1, "\u0002");
  for (let sent = 0; sent < 4; sent++) server.frame(kinds.data, 1, JSON.stringify("x".repeat(150)));
  const reply = await answer;
  assert.ok(reply.kind === "items");
  const items = reply.items[Symbol.asyncIterator]();
  await items.next();
  await items.next();
  assert.equal(server.frames.filter(({ kind }) => kind === kinds.credit).length, 0);
  await items.next();
  // Three items of 152 bytes, and 64 for each.
  assert.equal((await server.next(kinds.credit)).body.readUInt32BE(), 3 * (152 + 64));
  await items.return?.();
  await server.next(kinds.cancel);
  await connection.close();
});

test("calls past inFlightMax are OVERLOADED on this side already, those waiting for the hello included", async () => {
  const { server, connection, call } = dial({ limits: { inFlightMax: 2 } });
  const two = [call(), call()];
  assert.equal((await failure(call())).code, "OVERLOADED");
  server.hello();
  await server.next(kinds.request);
  assert.equal((await failure(call())).code, "OVERLOADED");
  server.frame(kinds.reply, 1, ok);
  await two[0];
  const third = call();
  server.frame(kinds.reply, 2, ok);
  server.frame(kinds.reply, 3, ok);
  await Promise.all([two[1], third]);
  await connection.close();
});

test("an input that does not fit, or is not JSON, fails its own call and leaves no trace on the wire", async () => {
  const { server, connection, call } = dial();
  server.hello({ frameBytesMax: 16 * 1024 });
  await connection.handle(callOf({ payload: { kind: "bytes", bytes: Buffer.alloc(20_000) } })).catch(() => {});
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const long = "x".repeat(70_000);
  const caller = { id: "ann", roles: [], assertion: "assertion-of-ann" };
  const refused: readonly [string, Partial<CallStart>][] = [
    ["BODY_TOO_LARGE", { payload: { kind: "bytes", bytes: Buffer.alloc(20_000) }, caller }],
    ["BODY_TOO_LARGE", { payload: { kind: "value", value: long } }],
    ["INPUT_INVALID", { payload: { kind: "value", value: cycle } }],
    ["INPUT_INVALID", { payload: { kind: "value", value: 1n } }],
    ["HEADERS_TOO_LARGE", { idempotencyKey: long }],
    ["HEADERS_TOO_LARGE", { caller: { id: "eve", roles: [], assertion: long } }],
    ["HEADERS_TOO_LARGE", { payload: { kind: "http", params: {}, query: long, bytes: Buffer.of() } }],
    ["HEADERS_TOO_LARGE", { payload: { kind: "http", params: { [long]: "x" }, query: "", bytes: Buffer.of() } }],
    ["OPERATION_UNKNOWN", { peer: { service: long, uses: "*" } }],
  ];
  for (const [code, start] of refused) assert.equal((await failure(call(start))).code, code);
  const answer = call({ caller });
  const request = await server.next(kinds.request);
  assert.equal(request.call, 1);
  // The caller of the refused call was not sent, so it is sent now.
  assert.match(request.body.toString("latin1"), /assertion-of-ann/);
  server.frame(kinds.reply, 1, ok);
  await answer;
  await connection.close();
});

test("a caller's assertion travels once while it is among the last 256", async () => {
  const { server, connection, call } = dial();
  server.hello();
  async function sends(name: string): Promise<boolean> {
    const answer = call({ caller: { id: name, roles: [], assertion: `assertion-of-${name}` } });
    const request = await server.next(kinds.request);
    server.frame(kinds.reply, request.call, ok);
    await answer;
    return request.body.toString("latin1").includes(`assertion-of-${name}`);
  }
  assert.equal(await sends("ann"), true);
  assert.equal(await sends("ann"), false);
  for (let n = 0; n < 255; n++) assert.equal(await sends(`user-${n}`), true);
  assert.equal(await sends("ann"), false);
  assert.equal(await sends("one more"), true);
  assert.equal(await sends("ann"), true);
  await connection.close();
});

test("the beginning of a stream ends the upload of its call", async () => {
  const { server, connection, call } = dial();
  server.hello();
  const ended = Promise.withResolvers<void>();
  const chunks = (async function* () {
    try {
      for (;;) yield Buffer.alloc(1000);
    } finally {
      ended.resolve();
    }
  })();
  const answer = call({ upload: { type: "x", chunks } });
  await server.next(kinds.data);
  server.frame(kinds.reply, 1, "\u0002");
  await answer;
  await ended.promise;
  await connection.close();
});

test("after a goaway of a draining server, calls under way finish and new ones fail with DRAINING", async () => {
  const { server, connection, call } = dial();
  const first = call();
  server.hello();
  await server.next(kinds.request);
  server.frame(kinds.goaway, 0, "\u0008DRAINING\0\u0003bye");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(connection.state, "draining");
  assert.equal((await failure(call())).code, "DRAINING");
  server.frame(kinds.reply, 1, ok);
  assert.equal((await first).kind, "bytes");
  await server.closed;
  assert.equal(connection.state, "closed");
});

test("a reply to a call that was cancelled meets nobody", async () => {
  const { server, connection, call } = dial();
  const cancelled = callOf();
  const answer = failure(connection.handle(cancelled));
  server.hello();
  await server.next(kinds.request);
  cancelled.cancel("changed my mind");
  assert.equal((await answer).code, "CANCELLED");
  assert.equal((await server.next(kinds.cancel)).body.toString(), "\u0009CANCELLED");
  server.frame(kinds.reply, 1, ok);
  server.frame(kinds.data, 1, "x");
  server.frame(kinds.end, 1);
  const next = call();
  await server.next(kinds.request);
  server.frame(kinds.reply, 2, ok);
  await next;
  await connection.close();
});

test("a call leaves no listener behind when it is over", async () => {
  class Counting extends Call {
    listening = 0;
    override onCancel(listener: (reason: unknown) => void): () => void {
      this.listening++;
      const stop = super.onCancel(listener);
      return () => {
        this.listening--;
        stop();
      };
    }
  }
  const { server, connection } = dial();
  server.hello();
  const { payload, peer, trace, deadlineMs } = callOf();
  const calls = [kinds.reply, kinds.error, kinds.end].map(
    () => new Counting(operation, { payload, peer, trace, deadlineMs }),
  );
  const answers = calls.map((call) => connection.handle(call));
  await server.next(kinds.request);
  server.frame(kinds.reply, 1, ok);
  server.frame(kinds.error, 2, `{"code":"INTERNAL","message":"x"}`);
  server.frame(kinds.reply, 3, "\u0002");
  await Promise.allSettled(answers);
  assert.deepEqual(
    calls.map(({ listening }) => listening),
    [0, 0, 1],
  );
  server.frame(kinds.end, 3);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(calls[2]?.listening, 0);
  await connection.close();
});
