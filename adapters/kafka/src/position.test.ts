import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePositions, momentOf, positionOf, positionText } from "./position.ts";

test("a position comes back from its text", () => {
  const position = { timestampMs: 1_700_000_000_000, partition: 3, offset: 2n ** 59n };
  assert.deepEqual(positionOf(positionText(position)), position);
});

test("what is none is refused", () => {
  for (const text of ["", "1-2", "1-2-x", "-1-2-3", "1-2-3-4", "a", "1-2-3 "])
    assert.throws(() => positionOf(text), { code: "INPUT_INVALID" }, text);
  assert.throws(() => momentOf("yesterday"), { code: "INPUT_INVALID" });
});

test("positions are in the order of moments, then of partitions, then of offsets", () => {
  const sorted = ["5-0-9", "5-1-2", "5-1-10", "30-0-0"].map(positionOf);
  assert.deepEqual(sorted.toReversed().sort(comparePositions), sorted);
});
