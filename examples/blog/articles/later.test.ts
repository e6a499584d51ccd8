import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { later } from "./later.ts";

const clock = virtualClock(Date.parse("2030-01-01T00:00:00.000Z"));

test("an update within the same millisecond is a millisecond later", () => {
  assert.equal(later(clock, "2030-01-01T00:00:00.000Z"), "2030-01-01T00:00:00.001Z");
});

test("an update after the clock was set back is later all the same", () => {
  assert.equal(later(clock, "2031-06-01T12:00:00.999Z"), "2031-06-01T12:00:01.000Z");
});

test("any other update is now", () => {
  assert.equal(later(clock, "2029-12-31T23:59:59.000Z"), "2030-01-01T00:00:00.000Z");
});
