import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, spanText, tableOf } from "./output.ts";

test("the columns of a table are as wide as their widest cell, and lines end without blanks", () => {
  assert.deepEqual(tableOf(["A", "LONG"], [["wider", "x"], ["y"]]), ["A      LONG", "wider  x", "y"]);
});

test("a span is told in its two largest units", () => {
  const cases: [number, string][] = [
    [0, "0.0s"],
    [-5, "0.0s"],
    [812, "0.8s"],
    [12_000, "12s"],
    [192_000, "3m 12s"],
    [3_600_000, "1h"],
    [3_605_000, "1h"],
    [100_800_000, "1d 4h"],
  ];
  for (const [spanMs, text] of cases) assert.equal(spanText(spanMs), text);
});

test("one is singular, all other counts are plural", () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => counted(count, "unit")),
    ["0 units", "1 unit", "2 units"],
  );
});
