import assert from "node:assert/strict";
import { test } from "node:test";
import { heapArguments, heapBytesOf } from "./heap.ts";

const mebibyte = 2 ** 20;

for (const [limit, heap] of [
  [128, 64],
  [256, 192],
  [1024, 768],
  [64, 1],
] as const) {
  test(`of ${limit} MiB the heap gets ${heap}`, () => {
    const bytes = heapBytesOf(limit * mebibyte);
    assert.equal(bytes, heap * mebibyte);
    assert.deepEqual(heapArguments(bytes), [`--max-old-space-size=${heap}`]);
  });
}

test("without a limit nothing is said", () => assert.deepEqual(heapArguments(undefined), []));
