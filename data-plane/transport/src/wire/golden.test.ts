/**
 * Golden vectors: the bytes of version 1.0, which may never change, and the note of 1.1. Each is written by the code and compared, read again and compared,
 * and stands in docs/reference/wire.md, so that another language can be tested against the same bytes.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Call, type CallStart, CantleError, type Operation } from "@cantle/core";
import { CallerSlots } from "./caller-slots.ts";
import { Cursor } from "./cursor.ts";
import { kinds } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { readHello, writeHello } from "./hello.ts";
import { wireLimits } from "./limits.ts";
import { readNote, writeBaggage, writeFallback } from "./note.ts";
import {
  readCancel,
  readError,
  readGoaway,
  readReply,
  writeCancel,
  writeCredit,
  writeEmpty,
  writeError,
  writeGoaway,
  writeReply,
} from "./reply.ts";
import { readRequest, writeRequest } from "./request.ts";
import { RouteReader, RouteWriter } from "./route.ts";
import { sendChunk, sendItem } from "./send.ts";

interface Vector {
  readonly hex: string;
  readonly write: (writer: FrameWriter) => void;
  readonly kind: number;
  readonly call: number;
  readonly read?: (cursor: Cursor) => unknown;
  readonly says?: unknown;
}

const operation = { service: "accounts", name: "read", version: "1.0.0" } as Operation;
const trace = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", sampled: true };
const hello = {
  versions: [{ major: 1, minor: 0 }],
  frameBytesMax: 16_777_216,
  streamWindowBytes: 262_144,
  token: "tok",
  services: ["posts", "feed"],
};
const route = { peer: "posts", service: "accounts", operation: "read", version: "1.0.0" };

function request(start: Partial<CallStart>, callers = new CallerSlots()) {
  return (writer: FrameWriter) => {
    const call = new Call(operation, {
      payload: { kind: "value", value: { id: 7 } },
      peer: { service: "posts", uses: new Set<string>() },
      trace,
      deadlineMs: Number.POSITIVE_INFINITY,
      ...start,
    });
    writeRequest(writer, 1, { call, routes: new RouteWriter(), callers, nowMs: 1_000 });
  };
}

const read =
  (callers: string[] = []) =>
  (cursor: Cursor) => {
    const { payload, ...rest } = readRequest(cursor, { routes: new RouteReader(), callers });
    return { ...rest, payload: { ...payload, ...("bytes" in payload && { bytes: payload.bytes.toString() }) } };
  };

const plain = {
  route,
  leftMs: Number.POSITIVE_INFINITY,
  trace,
  idempotencyKey: undefined,
  assertion: undefined,
  upload: undefined,
  payload: { kind: "bytes", bytes: `{"id":7}` },
};

const knownCallers = new CallerSlots();
knownCallers.put("ann.jwt.sig");

const vectors: Readonly<Record<string, Vector>> = {
  hello: {
    hex: "000000250100000000434e544c01010001000000000400000003746f6b0205706f7374730466656564",
    write: (writer) => writeHello(writer, hello),
    kind: kinds.hello,
    call: 0,
    read: readHello,
    says: hello,
  },
  "request: JSON, no deadline": {
    hex: "00000046020000000102ffffffff4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7001a05706f737473086163636f756e7473047265616405312e302e307b226964223a377d",
    write: request({}),
    kind: kinds.request,
    call: 1,
    read: read(),
    says: plain,
  },
  "request: deadline, key, a new caller": {
    hex: "0000005902000000011a000009c44bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7001a05706f737473086163636f756e7473047265616405312e302e3000036b2d3100000b616e6e2e6a77742e7369677b226964223a377d",
    write: request({
      deadlineMs: 3_500.9,
      idempotencyKey: "k-1",
      caller: { id: "ann", roles: [], assertion: "ann.jwt.sig" },
    }),
    kind: kinds.request,
    call: 1,
    read: read(),
    says: { ...plain, leftMs: 2_500, idempotencyKey: "k-1", assertion: "ann.jwt.sig" },
  },
  "request: the same caller again": {
    hex: "00000049020000000112ffffffff4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7001a05706f737473086163636f756e7473047265616405312e302e300000007b226964223a377d",
    write: request({ caller: { id: "ann", roles: [], assertion: "ann.jwt.sig" } }, knownCallers),
    kind: kinds.request,
    call: 1,
    read: read(["ann.jwt.sig"]),
    says: { ...plain, assertion: "ann.jwt.sig" },
  },
  "request: parts of an HTTP request, trace state": {
    hex: "00000052020000000105ffffffff4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7001a05706f737473086163636f756e7473047265616405312e302e300003613d31010269640002c3bc0003783d317b7d",
    write: request({
      trace: { ...trace, sampled: false, state: "a=1" },
      payload: { kind: "http", params: { id: "ü" }, query: "x=1", bytes: Buffer.from("{}") },
    }),
    kind: kinds.request,
    call: 1,
    read: (cursor) => JSON.parse(JSON.stringify(read()(cursor))),
    says: JSON.parse(
      JSON.stringify({
        ...plain,
        trace: { ...trace, sampled: false, state: "a=1" },
        payload: { kind: "http", params: { id: "ü" }, query: "x=1", bytes: "{}" },
      }),
    ),
  },
  "request: an upload follows": {
    hex: "00000059020000000122ffffffff4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7001a05706f737473086163636f756e7473047265616405312e302e300009696d6167652f706e6700000000000111707b226964223a377d",
    write: request({ upload: { type: "image/png", size: 70_000, chunks: (async function* () {})() } }),
    kind: kinds.request,
    call: 1,
    read: read(),
    says: { ...plain, upload: { type: "image/png", size: 70_000 } },
  },
  "reply: JSON": {
    hex: "0000000e0300000001007b226964223a377d",
    write: (writer) => writeReply(writer, 1, { kind: "value", value: { id: 7 } }),
    kind: kinds.reply,
    call: 1,
    read: readReply,
    says: { kind: "bytes", bytes: Buffer.from(`{"id":7}`), retried: false },
  },
  "reply: nothing, retried below": {
    hex: "00000006030000000101",
    write: (writer) => writeReply(writer, 1, { kind: "value", value: undefined, retried: true }),
    kind: kinds.reply,
    call: 1,
    read: readReply,
    says: { kind: "bytes", bytes: Buffer.alloc(0), retried: true },
  },
  "reply: items follow": {
    hex: "00000006030000000102",
    write: (writer) => writeReply(writer, 1, { kind: "items", items: (async function* () {})() }),
    kind: kinds.reply,
    call: 1,
    read: readReply,
    says: { kind: "items", retried: false },
  },
  "reply: bytes of unknown size follow": {
    hex: "000000180300000001040008746578742f637376ffffffffffffffff",
    write: (writer) =>
      writeReply(writer, 1, { kind: "download", download: { type: "text/csv", chunks: (async function* () {})() } }),
    kind: kinds.reply,
    call: 1,
    read: readReply,
    says: { kind: "download", type: "text/csv", size: undefined, retried: false },
  },
  error: {
    hex: "0000005004000000017b22636f6465223a224445434c41524544222c226d657373616765223a22676f6e65222c22737461747573223a3431302c226661696c757265223a22476f6e65222c2264617461223a317d",
    write: (writer) =>
      writeError(writer, 1, new CantleError("DECLARED", "gone", { failure: "Gone", status: 410, data: 1 })),
    kind: kinds.error,
    call: 1,
    read: (cursor) => {
      const { code, message, failure, status, data } = readError(cursor);
      return { code, message, failure, status, data };
    },
    says: { code: "DECLARED", message: "gone", failure: "Gone", status: 410, data: 1 },
  },
  "data: an item": {
    hex: "0000000c05000000017b226e223a317d",
    write: (writer) => sendItem(writer, 1, { n: 1 }),
    kind: kinds.data,
    call: 1,
  },
  "data: some bytes": {
    hex: "000000080500000001010203",
    write: (writer) => sendChunk(writer, 1, Buffer.of(1, 2, 3)),
    kind: kinds.data,
    call: 1,
  },
  end: { hex: "000000050600000001", write: (writer) => writeEmpty(writer, kinds.end, 1), kind: kinds.end, call: 1 },
  credit: {
    hex: "00000009070000000100020000",
    write: (writer) => writeCredit(writer, 1, 131_072),
    kind: kinds.credit,
    call: 1,
    read: (cursor) => cursor.u32(),
    says: 131_072,
  },
  cancel: {
    hex: "00000017080000000111444541444c494e455f4558434545444544",
    write: (writer) => writeCancel(writer, 1, new CantleError("DEADLINE_EXCEEDED", "late")),
    kind: kinds.cancel,
    call: 1,
    read: (cursor) => readCancel(cursor).code,
    says: "DEADLINE_EXCEEDED",
  },
  ping: { hex: "000000050900000000", write: (writer) => writeEmpty(writer, kinds.ping, 0), kind: kinds.ping, call: 0 },
  pong: { hex: "000000050a00000000", write: (writer) => writeEmpty(writer, kinds.pong, 0), kind: kinds.pong, call: 0 },
  "note: what travels with a request": {
    hex: "0000001b0c000000010762616767616765000c63616e6172793d792532436e",
    write: (writer) => writeBaggage(writer, 1, { canary: "y,n" }),
    kind: kinds.note,
    call: 1,
    read: readNote,
    says: { name: "baggage", baggage: { canary: "y,n" } },
  },
  "note: a reply that stands in for one": {
    hex: "000000140c000000010866616c6c6261636b00046c617374",
    write: (writer) => writeFallback(writer, 1, "last"),
    kind: kinds.note,
    call: 1,
    read: readNote,
    says: { name: "fallback", fallback: "last" },
  },
  goaway: {
    hex: "000000170b0000000008445241494e494e4700076c656176696e67",
    write: (writer) => writeGoaway(writer, new CantleError("DRAINING", "leaving")),
    kind: kinds.goaway,
    call: 0,
    read: (cursor) => [readGoaway(cursor).code, "leaving"],
    says: ["DRAINING", "leaving"],
  },
};

for (const [name, vector] of Object.entries(vectors)) {
  test(`the bytes of '${name}' are those that others have learnt`, () => {
    const chunks: Uint8Array[] = [];
    const writer = new FrameWriter(wireLimits.frameBytesMax, (ready) => chunks.push(...ready));
    vector.write(writer);
    writer.flush();
    assert.equal(Buffer.concat(chunks).toString("hex"), vector.hex);
  });

  test(`'${name}' reads as what it says`, () => {
    let seen = 0;
    const reader = new FrameReader(wireLimits.frameBytesMax, (kind, call, { bytes, at, end }) => {
      seen++;
      assert.deepEqual([kind, call], [vector.kind, vector.call]);
      if (vector.read) assert.deepEqual(vector.read(new Cursor().set(bytes, at, end)), vector.says);
    });
    reader.push(Buffer.from(vector.hex, "hex"));
    assert.equal(seen, 1);
  });
}

test("the reference shows every vector", async () => {
  const page = await readFile(new URL("../../../../docs/reference/wire.md", import.meta.url), "utf8");
  const shown = page.replace(/\s+/g, "");
  for (const [name, { hex }] of Object.entries(vectors)) {
    assert.ok(page.includes(`**${name}**`), `${name} has no heading`);
    assert.ok(shown.includes(hex), `${name} is not shown, or differs: ${hex}`);
  }
});
