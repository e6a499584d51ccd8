/** The serving end against a peer that keeps no rules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Caller, CantleError } from "@cantle/core";
import { codeOf, echo, goawayCode, quiet, serve } from "./fixture.ts";
import { kinds } from "./frame.ts";
import { rawFrame, rawRequest } from "./raw-peer.ts";

test("a peer is asked for once per connection and service", async () => {
  const { asked, dial } = serve();
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  for (let call = 1; call <= 6; call++)
    peer.frame(kinds.request, call, rawRequest("{}", call % 2 ? "orders" : "billing"));
  for (let call = 1; call <= 6; call++) await peer.next(kinds.reply);
  assert.deepEqual(asked, ["orders", "billing"]);
  peer.destroy();
});

test("a token that is not good ends the connection before anything is served", async () => {
  const { dial } = serve();
  const peer = dial();
  peer.hello({ token: "forged" });
  assert.equal(goawayCode(await peer.next(kinds.goaway)), "PEER_REFUSED");
  await peer.closed;
});

test("whoever never says hello is closed after the handshake's time", async () => {
  const { clock, dial } = serve({ limits: { handshakeTimeoutMs: 100 } });
  const peer = dial();
  await clock.advance(101);
  await peer.closed;
});

const wrongStarts: Readonly<Record<string, Buffer>> = {
  "HTTP/1.1": Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
  "HTTP/2": Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  TLS: Buffer.from("16030100f8010000f40303", "hex"),
  SSH: Buffer.from("SSH-2.0-OpenSSH_9.6\r\n"),
  "a PostgreSQL client": Buffer.from("0000002d00030000", "hex"),
  "a hello of something else": rawFrame(
    kinds.hello,
    0,
    Buffer.concat([
      Buffer.from("434e544b0101000100000000040000000d", "hex"),
      Buffer.from("token-of-shop\u0001\u0006orders"),
    ]),
  ),
  "a request before hello": rawFrame(kinds.request, 1, rawRequest()),
  "a ping before hello": rawFrame(kinds.ping, 0),
  "an unknown kind before hello": rawFrame(200, 0),
  "a frame over the limit of hello": Buffer.from("0000400101", "hex"),
  "a frame without a kind": Buffer.from("0000000401", "hex"),
};
for (const [name, bytes] of Object.entries(wrongStarts)) {
  test(`first bytes of ${name} are closed at once`, async () => {
    const { dial } = serve();
    const peer = dial();
    peer.bytes(bytes);
    await peer.closed;
  });
}

const wrongFrames: Readonly<Record<string, Buffer>> = {
  "a second hello": rawFrame(kinds.hello, 0, "CNTL"),
  "a reply": rawFrame(kinds.reply, 1, "x"),
  "a request that ends early": rawFrame(kinds.request, 3, rawRequest().subarray(0, 20)),
  "a request with call 0": rawFrame(kinds.request, 0, rawRequest()),
  "a request with a call under way": rawFrame(kinds.request, 1, rawRequest()),
  "a caller that was never sent": rawFrame(
    kinds.request,
    3,
    Buffer.concat([Buffer.of(16), rawRequest("").subarray(1), Buffer.of(9, 0, 0)]),
  ),
  "data for a call without an upload": rawFrame(kinds.data, 1, "x"),
  "the end of no upload": rawFrame(kinds.end, 1),
  "a credit that ends early": rawFrame(kinds.credit, 1, "x"),
  "a length of 2^32-1": Buffer.from("ffffffff05", "hex"),
  "a length of 0": Buffer.from("0000000005", "hex"),
};
for (const [name, bytes] of Object.entries(wrongFrames)) {
  test(`${name} ends its connection with FRAME_INVALID and cancels its calls, and no other`, async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const entered = Promise.withResolvers<void>();
    let calls = 0;
    const { dial } = serve({
      handle(call) {
        if (calls++ > 0) return echo(call);
        entered.resolve();
        call.onCancel(cancelled.resolve);
        // It streams, so that frames about its stream are not late ones.
        return Promise.resolve({
          kind: "items",
          items: { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) },
        });
      },
    });
    const bad = dial();
    bad.hello();
    bad.frame(kinds.ping, 0);
    await bad.next(kinds.hello);
    bad.frame(kinds.request, 1, rawRequest());
    await entered.promise;
    await bad.next(kinds.reply);
    bad.bytes(bytes);
    assert.equal(goawayCode(await bad.next(kinds.goaway)), "FRAME_INVALID");
    await bad.closed;
    assert.equal(((await cancelled.promise) as CantleError).code, "CANCELLED");

    const good = dial();
    good.hello();
    await good.next(kinds.hello);
    good.frame(kinds.request, 1, rawRequest(`{"fine":1}`));
    assert.equal((await good.next(kinds.reply)).body.toString(), `\0{"fine":1}`);
    good.destroy();
  });
}

test("kinds of a newer minor version are skipped, and a newer major falls back to the common one", async () => {
  const { dial } = serve();
  const peer = dial();
  peer.hello({ versions: [3, 0, 2, 4, 1, 9] });
  const hello = await peer.next(kinds.hello);
  assert.equal(hello.body.subarray(4, 7).toString("hex"), "010101");
  peer.frame(77, 5, "whatever a newer version says");
  peer.frame(kinds.request, 1, rawRequest());
  peer.frame(78, 1, "about a call under way");
  await peer.next(kinds.reply);
  peer.destroy();
});

test("a peer that shares no version is told so", async () => {
  const { dial } = serve();
  const peer = dial();
  peer.hello({ versions: [2, 0] });
  assert.equal(goawayCode(await peer.next(kinds.goaway)), "WIRE_VERSION");
  await peer.closed;
});

test("calls past inFlightMax are shed before their handler, and taken again later", async () => {
  const release = Promise.withResolvers<void>();
  let entered = 0;
  const { dial } = serve({
    limits: { inFlightMax: 2 },
    async handle() {
      entered++;
      await release.promise;
      return { kind: "value", value: 1 };
    },
  });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  for (let call = 1; call <= 3; call++) peer.frame(kinds.request, call, rawRequest());
  const shed = await peer.next(kinds.error);
  assert.deepEqual([shed.call, codeOf(shed), entered], [3, "OVERLOADED", 2]);
  release.resolve();
  await peer.next(kinds.reply);
  await peer.next(kinds.reply);
  peer.frame(kinds.request, 4, rawRequest());
  assert.equal((await peer.next(kinds.reply)).call, 4);
  peer.destroy();
});

test("cancelling does not make room while the handler still works", async () => {
  const { dial } = serve({ limits: { inFlightMax: 1 }, handle: () => new Promise(() => {}) });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  for (let call = 1; call <= 50; call++) {
    peer.frame(kinds.request, call, rawRequest());
    peer.frame(kinds.cancel, call, "\u0009CANCELLED");
  }
  for (let call = 2; call <= 50; call++) assert.equal(codeOf(await peer.next(kinds.error)), "OVERLOADED");
  peer.destroy();
});

test("a call that is cancelled before it is known who calls never enters its handler", async () => {
  const known = Promise.withResolvers<Caller>();
  let entered = 0;
  const { dial } = serve({
    doors: { callerOf: () => known.promise },
    async handle() {
      entered++;
      return { kind: "value", value: 1 };
    },
  });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  const body = rawRequest("");
  peer.frame(kinds.request, 1, Buffer.concat([Buffer.of(16), body.subarray(1), Buffer.from("\0\0\u0003ann")]));
  peer.frame(kinds.cancel, 1, "\u0009CANCELLED");
  await quiet();
  known.resolve({ id: "ann", roles: [], assertion: "ann" });
  peer.frame(kinds.request, 2, rawRequest());
  assert.equal((await peer.next(kinds.reply)).call, 2);
  assert.equal(entered, 1);
  peer.destroy();
});

test("the number of a cancelled call may be used again, and the end of the old one does not touch the new one", async () => {
  const ends: (() => void)[] = [];
  const told = Promise.withResolvers<unknown>();
  const { dial } = serve({
    handle(call) {
      if (ends.length === 1) call.onCancel(told.resolve);
      return new Promise((resolve) => ends.push(() => resolve({ kind: "value", value: 1 })));
    },
  });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest());
  peer.frame(kinds.cancel, 1, "\u0009CANCELLED");
  peer.frame(kinds.request, 1, rawRequest());
  await quiet();
  ends[0]?.();
  await quiet();
  peer.frame(kinds.cancel, 1, "\u0011DEADLINE_EXCEEDED");
  assert.equal(((await told.promise) as CantleError).code, "DEADLINE_EXCEEDED");
  peer.destroy();
});

test("a stream whose pipe is full waits until there is room, whatever its credit", async () => {
  let asked = 0;
  const { dial } = serve({
    async handle() {
      const chunks = (async function* () {
        for (;;) {
          asked++;
          yield Buffer.alloc(1000);
        }
      })();
      return { kind: "download", download: { type: "x", chunks } };
    },
  });
  const peer = dial(10_000);
  peer.hello({ streamWindowBytes: 1 << 24 });
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest());
  peer.stopReadingAfter(kinds.reply);
  await peer.next(kinds.reply);
  await quiet();
  const before = asked;
  assert.ok(before < 200, `${before} chunks`);
  peer.goOnReading();
  await quiet();
  assert.ok(asked > before);
  peer.destroy();
});

test("a service of another unit is refused, and the connection goes on", async () => {
  const { dial } = serve();
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest("{}", "payroll"));
  assert.equal(codeOf(await peer.next(kinds.error)), "PEER_REFUSED");
  peer.frame(kinds.request, 2, rawRequest());
  await peer.next(kinds.reply);
  peer.destroy();
});

test("a peer speaks for at most 256 services", async () => {
  const { dial } = serve();
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  for (let call = 1; call <= 256; call++) peer.frame(kinds.request, call, rawRequest("{}", `service-${call}`));
  assert.equal(codeOf(await peer.next(kinds.error)), "PEER_REFUSED");
  peer.destroy();
});

test("a reply that the peer does not take is REPLY_TOO_LARGE, and an error too large loses its data", async () => {
  let reply = 0;
  const { dial } = serve({
    async handle() {
      const large = "x".repeat(300_000);
      if (reply++ === 0) return { kind: "value", value: large };
      throw new CantleError("DECLARED", "large", { failure: "Large", data: large });
    },
  });
  const peer = dial();
  peer.hello({ frameBytesMax: 16 * 1024 });
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest());
  assert.equal(codeOf(await peer.next(kinds.error)), "REPLY_TOO_LARGE");
  peer.frame(kinds.request, 2, rawRequest());
  assert.equal(codeOf(await peer.next(kinds.error)), "DECLARED");
  peer.destroy();
});

test("an upload past its credit ends the connection", async () => {
  const { dial } = serve({ limits: { streamWindowBytes: 1000 }, handle: () => new Promise(() => {}) });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  const request = rawRequest("");
  const upload = Buffer.concat([Buffer.of(32), request.subarray(1), Buffer.from("\0\u0001x"), Buffer.alloc(8, 0xff)]);
  peer.frame(kinds.request, 1, upload);
  for (let sent = 0; sent < 3; sent++) peer.frame(kinds.data, 1, Buffer.alloc(600));
  assert.equal(goawayCode(await peer.next(kinds.goaway)), "FRAME_INVALID");
  await peer.closed;
});

test("a stream stops when its credit is used up, and goes on with more", async () => {
  let asked = 0;
  const { dial } = serve({
    async handle() {
      const items = (async function* () {
        for (;;) yield { n: asked++ };
      })();
      return { kind: "items", items };
    },
  });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest());
  await quiet();
  const first = asked;
  // 256 KiB of window, at least 64 for each item.
  assert.ok(first > 1000 && first <= 4096 + 1, `${first} items`);
  await quiet();
  assert.equal(asked, first);
  peer.frame(kinds.credit, 1, Buffer.from("00001000", "hex"));
  await quiet();
  assert.ok(asked > first && asked < first + 100, `${asked - first} more`);
  peer.destroy();
});

test("a client that does not read its replies is not read from any more", async () => {
  let handled = 0;
  const body = Buffer.alloc(10_000, 32);
  const { dial } = serve({
    async handle() {
      handled++;
      return { kind: "bytes", bytes: body };
    },
  });
  const peer = dial(50_000);
  peer.hello();
  await peer.next(kinds.hello);
  peer.stopReading();
  for (let call = 1; call <= 1000; call++) {
    peer.frame(kinds.request, call, rawRequest());
    if (call % 10 === 0) await quiet(2);
  }
  await quiet();
  assert.ok(handled < 100, `${handled} calls were taken`);
  peer.goOnReading();
  for (let call = 1; call <= 1000; call++) await peer.next(kinds.reply);
  peer.destroy();
});

test("a silent peer is pinged, kept while it answers, and given up when it does not", async () => {
  const { clock, dial } = serve({ limits: { pingEveryMs: 100, pingsMissedMax: 3 } });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  await clock.advance(150);
  for (let round = 0; round < 20; round++) {
    await clock.advance(100);
    await peer.next(kinds.ping);
    peer.frame(kinds.pong, 0);
    await quiet();
    await clock.advance(100);
  }
  await clock.advance(600);
  await peer.closed;
});
