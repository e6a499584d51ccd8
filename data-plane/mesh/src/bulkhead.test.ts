import assert from "node:assert/strict";
import { test } from "node:test";
import { Bulkhead } from "./bulkhead.ts";

const bulkhead = (concurrentMax: number, queueMax: number) => new Bulkhead<string>({ concurrentMax, queueMax });

test("there are so many places and no more", () => {
  const it = bulkhead(2, 0);
  assert.deepEqual([it.enter(), it.enter(), it.enter()], [true, true, false]);
  it.leave();
  assert.equal(it.enter(), true);
});

test("so many wait and no more", () => {
  const it = bulkhead(1, 2);
  it.enter();
  assert.deepEqual([it.wait("a"), it.wait("b"), it.wait("c")], [true, true, false]);
  assert.deepEqual(it.load, { inside: 1, waiting: 2 });
});

test("a place goes to the one who waited longest, and is never free in between", () => {
  const it = bulkhead(1, 2);
  it.enter();
  it.wait("a");
  it.wait("b");
  assert.equal(it.leave(), "a");
  assert.equal(it.enter(), false, "nobody takes the place from under the one it was handed to");
  assert.equal(it.leave(), "b");
  assert.equal(it.leave(), undefined);
  assert.deepEqual(it.load, { inside: 0, waiting: 0 });
});

test("who gives up waiting is not handed a place, and gives room to another who waits", () => {
  const it = bulkhead(1, 1);
  it.enter();
  it.wait("a");
  it.giveUp("a");
  assert.equal(it.wait("b"), true);
  assert.equal(it.leave(), "b");
});

test("giving up twice, or after one was handed a place, changes nothing", () => {
  const it = bulkhead(1, 2);
  it.enter();
  it.wait("a");
  it.leave();
  it.giveUp("a");
  it.giveUp("a");
  assert.deepEqual(it.load, { inside: 1, waiting: 0 });
});
