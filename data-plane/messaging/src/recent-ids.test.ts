import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentIds } from "./recent-ids.ts";

test("an id is known for the window and forgotten after it", () => {
  const ids = new RecentIds(100, 1_000);
  ids.add("a", 0);
  assert.deepEqual([ids.has("a", 99), ids.has("a", 100), ids.has("b", 0)], [true, false, false]);
  ids.add("b", 150);
  assert.equal(ids.count, 1);
});

test("when there are too many the oldest is forgotten first", () => {
  const ids = new RecentIds(100, 2);
  for (const id of ["a", "b", "c"]) ids.add(id, 0);
  assert.deepEqual([ids.has("a", 0), ids.has("b", 0), ids.has("c", 0), ids.count], [false, true, true, 2]);
});

test("an id that comes again after the window is known anew", () => {
  const ids = new RecentIds(100, 1_000);
  ids.add("a", 0);
  ids.add("b", 50);
  ids.add("a", 120);
  assert.deepEqual([ids.has("a", 160), ids.has("b", 160)], [true, false]);
  ids.add("c", 155);
  assert.deepEqual([ids.has("a", 160), ids.count], [true, 2]);
});
