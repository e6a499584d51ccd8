import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type Operation, type Payload } from "@cantle/core";
import fc from "fast-check";
import { CallerSlots } from "./caller-slots.ts";
import { Cursor } from "./cursor.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { type Request, readRequest, writeRequest } from "./request.ts";
import { RouteReader, RouteWriter } from "./route.ts";

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits - 1, maxLength: digits - 1 })
    .map((rest) => `1${rest.join("")}`);
const text = fc.string({ maxLength: 60, unit: "grapheme" });
const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const payload: fc.Arbitrary<Payload> = fc.oneof(
  bytes.map((bytes) => ({ kind: "bytes", bytes }) as const),
  fc.record({
    kind: fc.constant("http" as const),
    params: fc.dictionary(name, text, { maxKeys: 4 }),
    query: text,
    bytes,
  }),
);
const call = fc.record({
  operation: fc.record({ service: name, name, version: name }),
  peer: name,
  payload,
  trace: fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean(), state: fc.constantFrom("", "a=1") }),
  leftMs: fc.constantFrom(0, 1, 4_000_000_000, Number.POSITIVE_INFINITY),
  key: fc.option(text, { nil: undefined }),
  assertion: fc.constantFrom(undefined, "ann.jwt", "bob.jwt", "x".repeat(900)),
  upload: fc.option(fc.record({ type: text, size: fc.constantFrom(undefined, 0, 2 ** 40 + 5) }), { nil: undefined }),
});

test("any calls, one after the other on a connection, are read as they were written", () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 60, size: "max" }), (calls) => {
      const chunks: Uint8Array[] = [];
      const writer = new FrameWriter(1 << 20, (ready) => chunks.push(...ready));
      const [routes, callers] = [new RouteWriter(), new CallerSlots()];
      for (const [n, { operation, peer, payload, trace, leftMs, key, assertion, upload }] of calls.entries()) {
        const written = new Call(operation as Operation, {
          payload,
          peer: { service: peer, uses: "*" },
          trace,
          deadlineMs: 1000 + leftMs,
          idempotencyKey: key,
          caller: assertion === undefined ? undefined : { id: "x", roles: [], assertion },
          upload: upload && {
            type: upload.type,
            chunks: none(),
            ...(upload.size !== undefined && { size: upload.size }),
          },
        });
        writeRequest(writer, n + 1, { call: written, routes, callers, nowMs: 1000 });
      }
      writer.flush();
      const read: Request[] = [];
      const known = { routes: new RouteReader(), callers: [] };
      const reader = new FrameReader(1 << 20, (_kind, _call, frame) => {
        read.push(readRequest(new Cursor().set(frame.bytes, frame.at, frame.end), known));
      });
      reader.push(Buffer.concat(chunks));
      assert.deepEqual(read.map(plain), calls.map(expected).map(plain));
    }),
    { numRuns: 60 },
  );
});

test("a request is whole wherever in a chunk it begins", () => {
  for (let filler = 7_900; filler < 8_192; filler++) {
    const chunks: Uint8Array[] = [];
    const writer = new FrameWriter(1 << 20, (ready) => chunks.push(...ready));
    writer.begin(99, 0, filler);
    for (let n = 0; n < filler - 9; n++) writer.u8(0);
    writer.end();
    const written = new Call({ service: "s", name: "o", version: "1" } as Operation, {
      payload: { kind: "bytes", bytes: new Uint8Array() },
      peer: { service: "p", uses: "*" },
      trace: { traceId: "1".repeat(32), spanId: "1".repeat(16), sampled: false },
      deadlineMs: 1,
      caller: { id: "x", roles: [], assertion: "a" },
      upload: { type: "", chunks: none(), size: 77 },
    });
    writeRequest(writer, 1, { call: written, routes: new RouteWriter(), callers: new CallerSlots(), nowMs: 0 });
    writer.flush();
    const sizes: unknown[] = [];
    const reader = new FrameReader(1 << 20, (kind, _call, { bytes, at, end }) => {
      if (kind === 99) return;
      const cursor = new Cursor().set(bytes, at, end);
      sizes.push(readRequest(cursor, { routes: new RouteReader(), callers: [] }).upload?.size);
    });
    reader.push(Buffer.concat(chunks));
    assert.deepEqual(sizes, [77]);
  }
});

async function* none(): AsyncGenerator<Uint8Array> {}

function expected({ operation, peer, payload, trace, leftMs, key, assertion, upload }: any): Request {
  const { state, ...stateless } = trace;
  return {
    route: { peer, service: operation.service, operation: operation.name, version: operation.version },
    leftMs,
    trace: state ? trace : stateless,
    idempotencyKey: key,
    assertion,
    upload,
    payload,
  };
}

/** Bytes as hex, and objects without a prototype as any others. */
function plain(request: Request): unknown {
  const { payload } = request;
  const bytes = payload.kind === "value" ? "" : Buffer.from(payload.bytes).toString("hex");
  return structuredClone({ ...request, payload: { ...payload, bytes } });
}
