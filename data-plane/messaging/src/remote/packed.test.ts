import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@cantle/contract";
import fc from "fast-check";
import { packDeliveries, packMessages, packStored, unpackDeliveries, unpackMessages, unpackStored } from "./packed.ts";

const text = fc.string({ unit: "grapheme", maxLength: 50 });
const message: fc.Arbitrary<Message> = fc.record(
  {
    id: text,
    source: text,
    time: text,
    key: text,
    traceparent: text,
    baggage: text,
    notBefore: text,
    priority: fc.constantFrom("high", "normal", "low"),
    data: fc.uint8Array({ maxLength: 300 }),
  },
  { requiredKeys: ["id", "source", "time", "data"] },
);
const stored = message.chain((each) => text.map((position) => ({ ...each, position })));
const failure = { code: "INTERNAL", message: "ä", at: "2026-01-01T00:00:00Z", traceId: "0".repeat(32) };

/** With data that compares by its bytes, and without the prototypes of generated records. */
const plain = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (_, each) =>
      each instanceof Uint8Array
        ? Buffer.from(each).toString("hex")
        : each?.type === "Buffer"
          ? Buffer.from(each.data).toString("hex")
          : each,
    ),
  );

test("what is unpacked is what was packed", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
      assert.deepEqual(plain(unpackMessages(packMessages(messages))), plain(messages));
    }),
  );
  fc.assert(
    fc.property(fc.array(stored, { maxLength: 10 }), (messages) => {
      assert.deepEqual(plain(unpackStored(packStored(messages))), plain(messages));
      const deliveries = messages.map((each, index) => ({
        number: index,
        attempt: index + 1,
        message: each,
        failures: index % 2 === 0 ? [] : [failure],
      }));
      assert.deepEqual(plain(unpackDeliveries(packDeliveries(deliveries))), plain(deliveries));
    }),
  );
});

test("the bytes of a batch are version 1, and stay so", () => {
  const one = { id: "a", source: "shop", time: "t", key: "k", priority: "low", data: Uint8Array.of(1, 2) } as const;
  const hex = Buffer.from(packMessages([one]), "base64").toString("hex");
  assert.equal(hex, ["01", "31", "000161", "000473686f70", "000174", "00016b", "00000002", "0102"].join(""));
});

test("anything else is refused, never misread and never more than an error", () => {
  for (const wrong of ["", "AA==", "Ag==", "nonsense!"])
    assert.throws(() => unpackMessages(wrong), { code: "MESSAGE_INVALID" });
  const whole = Buffer.from(packMessages([{ id: "a", source: "shop", time: "t", data: new Uint8Array(9) }]), "base64");
  for (let length = 2; length < whole.length; length++)
    assert.throws(() => unpackMessages(whole.subarray(0, length).toString("base64")), { code: "MESSAGE_INVALID" });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      for (const unpack of [unpackMessages, unpackStored, unpackDeliveries]) {
        try {
          unpack(Buffer.from(bytes).toString("base64"));
        } catch (error) {
          assert.equal((error as { code: string }).code, "MESSAGE_INVALID");
        }
      }
    }),
  );
  assert.throws(() => packMessages([{ id: "x".repeat(70_000), source: "", time: "", data: new Uint8Array() }]), {
    code: "MESSAGE_INVALID",
  });
});
