import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@cantle/contract";
import { laneOf } from "@cantle/messaging";
import fc from "fast-check";
import { Batch } from "../journal/batch.ts";
import { headerBytes, isIntact, kindAt, kinds, lengthAt, ordinalAt, sourceAt } from "../journal/record.ts";
import { Tail } from "../journal/tail.ts";
import { bodyAt } from "./entries.ts";
import { channelKind, checkTexts, messageId, placedMessage, readMessage, writeMessage } from "./message-record.ts";

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const absent = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const parts = fc.record({
  id: fc.stringMatching(/^[\x21-\x7e]{1,255}$/),
  source: text,
  time: text,
  key: absent(text),
  traceparent: absent(text),
  baggage: absent(text),
  notBefore: absent(fc.constant("2026-01-02T03:04:05.678Z")),
  priority: absent(fc.constantFrom("high" as const, "low" as const)),
  data: fc.uint8Array({ maxLength: 2_000 }),
});

/** Without the members that are undefined: absent is not the same. */
function messageOf(members: Record<string, unknown>): Message {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as unknown as Message;
}

test("a message is read as it was written, member by member", () => {
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 8 }), (all) => {
      const tail = new Tail(0, 1e9);
      const batch = new Batch(tail, { salt: 7, sequence: 1, timeMs: 5 });
      const messages = all.map(messageOf);
      const channel = { kind: "queue", name: "shop.work", number: 9 } as const;
      const placed = messages.map((message, index) => writeMessage(batch, channel, { message, ordinal: index + 1 }));
      for (const [index, { address, size, lane }] of placed.entries()) {
        const chunk = tail.find(address)!;
        const at = address - chunk.start;
        const message = messages[index]!;
        assert.ok(isIntact(chunk, at, 7));
        assert.deepEqual(
          [kindAt(chunk.view, at), lengthAt(chunk.view, at), sourceAt(chunk.view, at), ordinalAt(chunk.view, at)],
          [kinds.message, size, 9, index + 1],
        );
        const body = bodyAt(chunk, at, size);
        const { position, data, ...read } = readMessage(body, "p");
        assert.deepEqual(
          { ...read, data: Buffer.from(data), position },
          { ...message, data: Buffer.from(message.data), position: "p" },
        );
        assert.deepEqual([messageId(body), channelKind(body), lane], [message.id, "queue", laneOf(message.key)]);
        assert.deepEqual(placedMessage(body, address, size), placed[index]);
      }
    }),
    { seed: 42 },
  );
});

test("what is read shares nothing with the memory that it was read from", () => {
  const tail = new Tail(0, 1e9);
  const batch = new Batch(tail, { salt: 1, sequence: 1, timeMs: 0 });
  const message = { id: "a", source: "s", time: "t", data: Buffer.from("data") };
  const { address, size } = writeMessage(batch, { kind: "topic", name: "s.t", number: 1 }, { message, ordinal: 1 });
  const chunk = tail.find(address)!;
  const read = readMessage(bodyAt(chunk, address - chunk.start, size), "1");
  chunk.bytes.fill(0, headerBytes);
  assert.equal(Buffer.from(read.data).toString(), "data");
});

test("texts that do not fit a record are refused", () => {
  const fine = { id: "a", source: "s", time: "t", data: new Uint8Array() };
  checkTexts(fine);
  assert.throws(() => checkTexts({ ...fine, baggage: "b".repeat(20_000) }), { code: "MESSAGE_INVALID" });
  assert.throws(() => checkTexts({ ...fine, notBefore: "tomorrow" }), { code: "MESSAGE_INVALID" });
});
