/**
 * Whatever bytes arrive, the worst is the end of one connection: no crash, no hang, memory within the limits. Seeds are printed by
 * fast-check when something fails.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type Handler, type Operation, seededRandom, virtualClock } from "@cantle/core";
import fc from "fast-check";
import type { Doors } from "../transport.ts";
import { dialPipe } from "./dial.ts";
import { kinds } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { pipePair } from "./pipe-pair.ts";
import { RawPeer, rawFrame, rawRequest } from "./raw-peer.ts";
import { createServing } from "./serving.ts";

const operation = { service: "things", name: "echo", version: "1.2.0" } as Operation;
const handle: Handler = async ({ payload }) => ({
  kind: "bytes",
  bytes: payload.kind === "value" ? Buffer.of() : payload.bytes,
});
const doors: Doors = {
  find: (_, name) => (name === "echo" ? { operation, handle } : undefined),
  list: () => [{ operation, handle }],
  peerOf: (_, service) => ({ service, uses: "*" }),
  callerOf: (assertion) => ({ id: assertion, roles: [], assertion }),
};
const clock = virtualClock();
const limits = { frameBytesMax: 64 * 1024 };

/** Frames that a dialler may send, and then some. */
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 80 }))
    .map(([kind, call, body]) => rawFrame(kind, call, body)),
  fc.integer({ min: 1, max: 3 }).map((call) => rawFrame(kinds.request, call, rawRequest(`{"n":${call}}`))),
  // A request with one byte changed.
  fc.tuple(fc.nat(70), fc.nat(255)).map(([at, byte]) => {
    const bytes = rawFrame(kinds.request, 2, rawRequest());
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  // A request cut short, its length right.
  fc.nat(60).map((length) => rawFrame(kinds.request, 3, rawRequest().subarray(0, length))),
);
const cut = (size: number) => (bytes: Buffer) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));

async function settle(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("a server survives any frames, cut anyhow, and serves the next connection", async () => {
  const serving = createServing(doors, { clock, random: seededRandom(1), limits });
  const dial = (size: number) => {
    const [near, far] = pipePair({ cut: cut(size) });
    serving.add(far);
    return new RawPeer(near);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(frame, { maxLength: 12 }),
      fc.integer({ min: 1, max: 200 }),
      async (greets, frames, size) => {
        const bad = dial(size);
        if (greets) bad.hello();
        for (const bytes of frames) bad.bytes(bytes);
        await settle();
        bad.destroy();

        const good = dial(4096);
        good.hello();
        good.frame(kinds.ping, 0);
        await good.next(kinds.hello);
        good.frame(kinds.request, 1, rawRequest());
        assert.equal((await good.next(kinds.reply)).body.toString(), "\0{}");
        good.destroy();
      },
    ),
    { numRuns: 300 },
  );
});

test("a client survives any frames: each of its calls ends, and with a code if it fails", async () => {
  const trace = { traceId: `${"0".repeat(31)}1`, spanId: `${"0".repeat(15)}1`, sampled: false };
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(frame, { maxLength: 12 }), async (greets, frames) => {
      const [near, far] = pipePair();
      const server = new RawPeer(far);
      const connection = dialPipe(near, { clock, token: "t", services: ["orders"], limits });
      const answers = Array.from({ length: 3 }, () => {
        const peer = { service: "orders", uses: "*" } as const;
        return connection.handle(
          new Call(operation, {
            payload: { kind: "value", value: {} },
            peer,
            trace,
            deadlineMs: Number.POSITIVE_INFINITY,
          }),
        );
      });
      const ended = Promise.allSettled(answers);
      if (greets) server.hello();
      for (const bytes of frames) server.bytes(bytes);
      await settle();
      server.destroy();
      for (const result of await ended) {
        if (result.status === "rejected") assert.equal(typeof result.reason.code, "string");
      }
    }),
    { numRuns: 300 },
  );
});

test("a frame of a mebibyte that arrives byte by byte is put together in linear time", () => {
  let seen = 0;
  const reader = new FrameReader(2 ** 21, (_kind, _call, { at, end }) => (seen = end - at));
  const bytes = rawFrame(kinds.data, 1, Buffer.alloc(2 ** 20));
  for (let at = 0; at < bytes.length; at++) reader.push(bytes.subarray(at, at + 1));
  assert.equal(seen, 2 ** 20);
});

test("an announced length takes no memory before the bytes are there", () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 500 }, () => {
    const reader = new FrameReader(16 * 1024 * 1024, () => {});
    reader.push(Buffer.from("00ffffff05", "hex"));
    return reader;
  });
  // 500 frames of 16 MiB were announced; what is held is a kibibyte for each.
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024);
  assert.equal(readers.length, 500);
});
