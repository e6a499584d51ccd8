import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { closest, editsBetween } from "./closest.ts";

test("a slip of the fingers finds the name that was meant", () => {
  const names = ["accounts", "posts", "maxPerDomain"];
  assert.equal(closest("acounts", names), "accounts");
  assert.equal(closest("post", names), "posts");
  assert.equal(closest("MAXPERDOMAIN", names), "maxPerDomain");
  assert.equal(closest("ledger", names), undefined);
  assert.equal(closest("x", []), undefined);
});

test("edits are zero for the same, the same both ways, and never more than the longer text", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editsBetween(a, a), 0);
      assert.equal(editsBetween(a, b), editsBetween(b, a));
      assert.ok(editsBetween(a, b) <= Math.max(a.length, b.length));
      assert.ok(editsBetween(a, b) >= Math.abs(a.length - b.length));
    }),
  );
  assert.equal(editsBetween("kitten", "sitting"), 3);
  assert.equal(editsBetween("prot", "port"), 1);
});
