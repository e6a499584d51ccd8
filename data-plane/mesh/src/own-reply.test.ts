import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@cantle/core";
import fc from "fast-check";
import { copyOf, ownReply } from "./own-reply.ts";

test("a copy is what JSON would make of it, and shares nothing that can be changed", () =>
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copied = copyOf(value);
      assert.deepEqual(copied, structuredClone(value));
      sharesNothing(copied, value);
    }),
  ));

test("a member with a name that means something to the language is a member like others", () => {
  const value = JSON.parse('{"__proto__":{"a":[1]},"constructor":{"b":2}}');
  const copied = copyOf(value) as Record<string, { a: number[] }>;
  assert.deepEqual(Object.keys(copied), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(copied), Object.prototype);
  Object.values(copied)[0]?.a.push(2);
  assert.deepEqual(value, JSON.parse('{"__proto__":{"a":[1]},"constructor":{"b":2}}'));
});

test("what a reply says of itself is copied too, and bytes are as they are", () => {
  const reply: Reply = { kind: "value", value: { a: 1 }, retried: true };
  assert.deepEqual(ownReply(reply), reply);
  const bytes: Reply = { kind: "bytes", bytes: new Uint8Array(1) };
  assert.equal(ownReply(bytes), bytes);
});

function sharesNothing(copied: unknown, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  assert.notEqual(copied, value);
  for (const [name, member] of Object.entries(value)) sharesNothing((copied as Record<string, unknown>)[name], member);
}
