import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { partitionByKey } from "./partition-of.ts";

function message(key?: string) {
  return { id: "a", source: "shop", time: "", data: new Uint8Array(), ...(key !== undefined && { key }) };
}

test("a key goes where Java's clients send it", () => {
  const partitionOf = partitionByKey(seededRandom(1));
  // From Kafka's own tests of its murmur2, made positive as its partitioner does.
  const known: readonly (readonly [string, number])[] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
  ];
  for (const [key, hash] of known) assert.equal(partitionOf(message(key), "shop.sold"), hash & 0x7fffffff, key);
});

test("messages without a key stay for a thousand, each topic for itself, and then go on to the next", () => {
  const partitionOf = partitionByKey(seededRandom(1));
  const first = partitionOf(message(), "shop.sold");
  partitionOf(message(), "shop.lost");
  for (let more = 1; more < 1_000; more++) assert.equal(partitionOf(message(), "shop.sold"), first);
  assert.equal(partitionOf(message(), "shop.sold"), first + 1);
});
