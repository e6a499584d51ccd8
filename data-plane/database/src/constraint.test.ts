import assert from "node:assert/strict";
import { test } from "node:test";
import { isUniqueViolation, markConstraint, violatedConstraint } from "./constraint.ts";

test("a marked error is recognised and otherwise as it was", () => {
  const error = Object.assign(new Error("UNIQUE constraint failed: accounts.email"), { code: "X" });
  markConstraint(error, "unique");
  assert.equal(isUniqueViolation(error), true);
  assert.equal(violatedConstraint(error), "unique");
  assert.deepEqual(Object.keys(error), ["code"]);
});

test("other violations are not unique violations", () => {
  for (const constraint of ["foreign-key", "not-null", "check"] as const) {
    const error = new Error("violated");
    markConstraint(error, constraint);
    assert.equal(violatedConstraint(error), constraint);
    assert.equal(isUniqueViolation(error), false);
  }
});

for (const thrown of [undefined, null, "unique", 23505, new Error("UNIQUE constraint failed"), { code: "unique" }]) {
  test(`${String(thrown)} violates nothing`, () => assert.equal(violatedConstraint(thrown), undefined));
}
