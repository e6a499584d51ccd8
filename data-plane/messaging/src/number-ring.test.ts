import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NumberHeap } from "./number-heap.ts";
import { NumberRing } from "./number-ring.ts";

/** A number to push, or undefined to take one. */
const steps = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }), { maxLength: 300 });

test("a ring is a list that is pushed at one end and shifted at the other", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const ring = new NumberRing();
      const list: number[] = [];
      for (const step of all) {
        if (step === undefined) assert.equal(ring.shift(), list.shift());
        else {
          ring.push(step);
          list.push(step);
        }
        assert.deepEqual([ring.length, ring.peek(), [...ring]], [list.length, list[0], list]);
      }
    }),
  );
});

test("a ring gives its memory back when it has been emptied", () => {
  const ring = new NumberRing();
  for (let round = 0; round < 3; round++) {
    for (let item = 0; item < 5_000; item++) ring.push(item);
    for (let item = 0; item < 5_000; item++) assert.equal(ring.shift(), item);
  }
  assert.equal(ring.shift(), undefined);
});

test("a heap gives the smallest rank first, and equal ranks by value", () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (all, ranks) => {
      const heap = new NumberHeap();
      let list: [number, number][] = [];
      for (const step of all) {
        if (step === undefined) assert.equal(heap.pop(), list.shift()?.[1]);
        else {
          const rank = ranks.next().value as number;
          heap.push(rank, step);
          list = [...list, [rank, step] as [number, number]].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        }
        assert.deepEqual([heap.length, heap.peekRank()], [list.length, list[0]?.[0]]);
        assert.deepEqual([...heap].sort(), list.map(([, value]) => value).sort());
      }
    }),
  );
});
