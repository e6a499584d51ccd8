import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentIds } from "./recent-ids.ts";

test("an id is known for a window at least, in its own channel", () => {
  const ids = new RecentIds({ windowMs: 100, idsMax: 1_000, nowMs: 0 });
  assert.equal(ids.add(1, "a", 0), true);
  assert.equal(ids.add(2, "a", 0), true);
  for (const nowMs of [1, 50, 99]) assert.equal(ids.add(1, "a", nowMs), false);
  assert.equal(ids.add(1, "late", 99), true);
  assert.equal(ids.add(1, "late", 199), false);
  assert.equal(ids.add(1, "a", 400), true);
});

test("after a long silence everything is forgotten", () => {
  const ids = new RecentIds({ windowMs: 100, idsMax: 1_000, nowMs: 0 });
  ids.add(1, "a", 0);
  assert.equal(ids.add(1, "a", 10_000), true);
});

test("there are never more than so many, and the oldest are forgotten", () => {
  const ids = new RecentIds({ windowMs: 1_000_000, idsMax: 10, nowMs: 0 });
  for (let index = 0; index < 20; index++) ids.add(1, `id-${index}`, 0);
  assert.equal(ids.add(1, "id-19", 0), false);
  assert.equal(ids.add(1, "id-0", 0), true);
});

test("an id that was taken back may come again", () => {
  const ids = new RecentIds({ windowMs: 100, idsMax: 10, nowMs: 0 });
  ids.add(1, "a", 0);
  ids.remove(1, "a");
  assert.equal(ids.add(1, "a", 0), true);
});
