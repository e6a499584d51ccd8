import assert from "node:assert/strict";
import { test } from "node:test";
import { courseOf, turnsOf } from "./course.ts";

test("a course leaves out what stayed as it was", () => {
  assert.deepEqual(courseOf([1, 1, 3, 4, 4, 1]), [1, 3, 4, 1]);
  assert.deepEqual(courseOf([]), []);
});

test("a turn is where growing becomes shrinking, or shrinking growing", () => {
  assert.equal(turnsOf([1, 1, 1]), 0);
  assert.equal(turnsOf([1, 2, 2, 4]), 0);
  assert.equal(turnsOf([1, 2, 4, 4, 2, 1]), 1);
  assert.equal(turnsOf([1, 2, 1, 2]), 2);
});
