import assert from "node:assert/strict";
import { test } from "node:test";
import { durationMs } from "./duration.ts";
import { isCantleError } from "./error.ts";

const table: readonly [string, number][] = [
  ["250ms", 250],
  ["3s", 3000],
  ["1.5s", 1500],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["30d", 2_592_000_000],
  ["0s", 0],
];

for (const [text, ms] of table) {
  test(`${text} is ${ms} ms`, () => assert.equal(durationMs(text), ms));
}

for (const text of ["", "5", "s", "-5s", "5 s", "5S", "1e3s", "5s ", "5w", ".5s", "5s\n", "Infinitys"]) {
  test(`${JSON.stringify(text)} is not a duration`, () =>
    assert.throws(
      () => durationMs(text),
      (error) => isCantleError(error) && error.code === "CONFIG_INVALID",
    ));
}
