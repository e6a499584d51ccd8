import assert from "node:assert/strict";
import { test } from "node:test";
import { type Memory, reading, remember } from "./reading.ts";

/** What is read at `nowMs` after cpu was measured so, at these times. */
function cpuAt(nowMs: number, ...measured: readonly (readonly [atMs: number, cpu: number])[]) {
  let memory: Memory = [];
  for (const [atMs, cpu] of measured)
    memory = remember(memory, { atMs, values: { cpu } }, { nowMs: Math.max(0, atMs), staleMs: 5_000 });
  const time = { nowMs, staleMs: 5_000 };
  memory = remember(memory, undefined, time);
  assert.ok(memory.length <= 3);
  return reading(memory, "cpu", time);
}

test("one measurement says nothing, of two the smaller counts, of more the median of the last three", () => {
  assert.equal(cpuAt(1, [1, 9]), undefined);
  assert.equal(cpuAt(2, [1, 9], [2, 1]), 1);
  assert.equal(cpuAt(4, [1, 9], [2, 1], [3, 2], [4, 3]), 2);
});

test("a spike counts for nothing", () => {
  assert.equal(cpuAt(4, [1, 0.5], [2, 0.5], [3, 1e9], [4, 0.5]), 0.5);
});

test("what is stale, late or repeated is dropped", () => {
  assert.equal(cpuAt(5_004, [1, 9], [2, 9], [3, 9]), undefined);
  assert.equal(cpuAt(9_000, [1, 9], [9_000, 1]), 1, "what the newest is compared with may be older");
  assert.equal(cpuAt(10_002, [1, 9], [9_000, 1]), undefined, "but not by any time");
  assert.equal(cpuAt(3, [2, 1], [2, 9], [1, 9]), undefined);
  assert.equal(cpuAt(3, [2, 1], [3, 2]), 1);
});

test("what cannot be measured was not", () => {
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300])
    assert.equal(cpuAt(3, [1, 0.5], [2, odd]), undefined, `${odd}`);
});

test("what comes from the future, or from no time at all, is dropped", () => {
  assert.deepEqual(remember([], { atMs: 9, values: { cpu: 1 } }, { nowMs: 8, staleMs: 5_000 }), []);
  assert.deepEqual(remember([], { atMs: Number.NaN, values: { cpu: 1 } }, { nowMs: 8, staleMs: 5_000 }), []);
});
