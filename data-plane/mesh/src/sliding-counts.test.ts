import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SlidingCounts } from "./sliding-counts.ts";

test("what is older than the window is forgotten, a tenth of it at a time", () => {
  const counts = new SlidingCounts(2, 1_000);
  counts.add(0, 0);
  counts.add(0, 500);
  counts.add(1, 500);
  assert.deepEqual([counts.total(0, 999), counts.total(1, 999)], [2, 1]);
  assert.deepEqual([counts.total(0, 1_000), counts.total(1, 1_000)], [1, 1]);
  assert.deepEqual([counts.total(0, 1_500), counts.total(1, 1_500)], [0, 0]);
});

test("a total is what a list of all that happened says, whatever happened and however long the gaps", () => {
  const steps = fc.array(fc.record({ gapMs: fc.nat(1_500), column: fc.nat(2) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const counts = new SlidingCounts(3, 1_000);
      const seen: { atMs: number; column: number }[] = [];
      let nowMs = 0;
      for (const { gapMs, column } of all) {
        nowMs += gapMs;
        counts.add(column, nowMs);
        seen.push({ atMs: nowMs, column });
        const bucket = (atMs: number) => Math.floor(atMs / 100);
        for (const each of [0, 1, 2])
          assert.equal(
            counts.total(each, nowMs),
            seen.filter((one) => one.column === each && bucket(nowMs) - bucket(one.atMs) < 10).length,
          );
      }
    }),
  );
});
