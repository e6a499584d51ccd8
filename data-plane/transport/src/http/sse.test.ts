import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isCantleError } from "@cantle/core";
import fc from "fast-check";
import { errorEvent, itemEvent, readEvents, type StreamEvent } from "./sse.ts";

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function read(text: string, cuts: readonly number[] = []): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(pieces(Buffer.from(text), cuts), 1000)) events.push(event);
  return events;
}

describe("events", () => {
  test("items and a final error come back as they were written", async () => {
    const text = itemEvent({ text: "a\nb\r\u2028 🌍" }) + itemEvent(null) + errorEvent({ code: "X" });
    assert.deepEqual(await read(text), [
      { event: "message", data: JSON.stringify({ text: "a\nb\r\u2028 🌍" }) },
      { event: "message", data: "null" },
      { event: "error", data: '{"code":"X"}' },
    ]);
  });

  test("line ends, comments, unknown fields and several data lines are read as the standard says", async () => {
    assert.deepEqual(
      await read(
        ":hi\r\n\r\ndata:a\r\ndata:  b\r\nid: 7\r\n\r\nevent: error\rdata: c\r\rretry: 1\n\ndata\n\ndata: cut",
      ),
      [
        { event: "message", data: "a\n b" },
        { event: "error", data: "c" },
        { event: "message", data: "" },
      ],
    );
  });

  test("it does not matter where the chunks are cut", async () => {
    const text = `${itemEvent("ä🌍")}data: x\r\n\r\n${errorEvent(1)}`;
    const whole = await read(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat()), async (cuts) => assert.deepEqual(await read(text, cuts), whole)),
    );
  });

  test("an event that never ends is refused", async () => {
    await assert.rejects(
      read(`data: ${"x".repeat(2000)}`),
      (error) => isCantleError(error) && error.code === "REPLY_TOO_LARGE",
    );
  });
});
