import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@cantle/contract";
import { headers } from "@nats-io/transport-node";
import fc from "fast-check";
import { decoded, encoded, headersOf, messageOf } from "./cloud-event.ts";

test("any text comes back from a header, which is printable ASCII without a space", () => {
  const point = fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff);
  fc.assert(
    fc.property(fc.array(point, { maxLength: 20 }), (points) => {
      const text = String.fromCodePoint(...points);
      assert.match(encoded(text), /^[!-~]*$/);
      assert.equal(decoded(encoded(text)), text);
    }),
  );
});

test("half a character is refused", () => {
  assert.throws(() => encoded("a\ud800"), { code: "MESSAGE_INVALID" });
});

test("a message is a CloudEvent in binary mode, as the binding for NATS has it", () => {
  const message: Message = {
    id: "urn:a",
    source: "shop",
    time: "2026-01-02T03:04:05.678Z",
    key: "Größe 1",
    priority: "high",
    data: new TextEncoder().encode("{}"),
  };
  const made = headersOf(message, "shop.sold", "urn:a");
  const all = Object.fromEntries([...made].map(([name, [value]]) => [name, value]));
  assert.deepEqual(all, {
    "Nats-Msg-Id": "urn:a",
    "ce-specversion": "1.0",
    "ce-id": "urn:a",
    "ce-source": "shop",
    "ce-type": "shop.sold",
    "ce-time": "2026-01-02T03:04:05.678Z",
    "content-type": "application/json",
    "ce-partitionkey": "Gr%C3%B6%C3%9Fe%201",
    "ce-priority": "high",
  });
  assert.deepEqual(messageOf(made, message.data, "7"), message);
});

test("what somebody else wrote without attributes gets those of its place", () => {
  const data = new Uint8Array([1]);
  const wanted = { id: "7", source: "unknown", time: "1970-01-01T00:00:00Z", data };
  assert.deepEqual(messageOf(undefined, data, "7"), wanted);
  assert.deepEqual(messageOf(headers(), data, "7"), wanted);
});
