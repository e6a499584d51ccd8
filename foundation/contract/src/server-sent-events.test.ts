import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError } from "@cantle/core";
import fc from "fast-check";
import { EventParser, eventCharsMax, eventsOf, printEvent, type ServerSentEvent } from "./server-sent-events.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function parse(...chunks: Uint8Array[]): ServerSentEvent[] {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

const body =
  '\uFEFF: hello\r\ndata: {"a":"žluť 🌊"}\r\n\r\nevent: error\ndata:one\ndata: two\rdata\n\ndata: \r\revent: end\r\ndata\n\nid: 7\nretry: 5\nnot a field\n\ndata: cut off\n';
const events = [
  { event: "message", data: '{"a":"žluť 🌊"}' },
  { event: "error", data: "one\ntwo\n" },
  { event: "message", data: "" },
  { event: "end", data: "" },
];

test("comments, byte order mark, all three line ends, several data lines, unknown fields and a cut last event", () => {
  assert.deepEqual(parse(encode(body)), events);
});

test("the same events whatever the two pieces a body is cut into", () => {
  const bytes = encode(body);
  for (let at = 0; at <= bytes.byteLength; at++)
    assert.deepEqual(parse(bytes.subarray(0, at), bytes.subarray(at)), events, `cut at ${at}`);
});

test("the same events byte by byte, with empty chunks between", () => {
  const bytes = encode(body);
  assert.deepEqual(parse(...[...bytes].flatMap((byte) => [new Uint8Array(0), Uint8Array.of(byte)])), events);
});

test("an event name does not outlive its event", () => {
  assert.deepEqual(parse(encode("event: end\n\ndata: x\n\n")), [{ event: "message", data: "x" }]);
});

test("what is printed is what is parsed, line breaks of every kind as line feeds", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("\r", "\n", ":", " ", "data"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(fc.array(fc.record({ data: text, event: fc.constantFrom("message", "error") })), (sent) => {
      const bytes = encode(sent.map(({ data, event }) => printEvent(data, event)).join(""));
      const expected = sent.map(({ data, event }) => ({ event, data: data.replace(/\r\n|\r/g, "\n") }));
      assert.deepEqual(parse(bytes), expected);
    }),
  );
});

test("an endless line and endless data are refused, not collected", () => {
  const long = encode("x".repeat(eventCharsMax / 4));
  for (const start of ["data: ", ": "]) {
    assert.throws(
      () => parse(encode(start), long, long, long, long, long),
      (error) => isCantleError(error) && error.code === "REPLY_TOO_LARGE",
    );
  }
  const lines = Array.from({ length: 6 }, () => encode(`data: ${"x".repeat(eventCharsMax / 5)}\n`));
  assert.throws(
    () => parse(...lines),
    (error) => isCantleError(error) && error.code === "REPLY_TOO_LARGE",
  );
});

test("events of a body come as its chunks come", async () => {
  const seen: string[] = [];
  async function* chunks() {
    for (const part of ["data: 1\n\nda", "ta: 2\n\n"]) {
      seen.push("chunk");
      yield encode(part);
    }
  }
  for await (const { data } of eventsOf(chunks())) seen.push(data);
  assert.deepEqual(seen, ["chunk", "1", "chunk", "2"]);
});
