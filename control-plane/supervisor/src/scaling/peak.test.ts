import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { beginPeak, highest, type Peak, watch } from "./peak.ts";

const span = (nowMs: number) => ({ nowMs, windowMs: 100, gapMaxMs: 20 });

function watched(needs: readonly (readonly [atMs: number, count: number])[]): Peak {
  return needs.reduce((peak, [atMs, count]) => watch(peak, count, span(atMs)), beginPeak(0));
}

test("it knows nothing before it has watched for the whole window", () => {
  const steady = Array.from({ length: 11 }, (_, at) => [at * 10, 3] as const);
  assert.equal(highest(watched(steady.slice(0, 10)), span(90)), undefined);
  assert.equal(highest(watched(steady), span(100)), 3);
});

test("a gap and a clock that goes back begin it anew", () => {
  const steady = Array.from({ length: 21 }, (_, at) => [at * 10, 3] as const);
  assert.equal(highest(watched([...steady, [220, 1]]), span(220)), 3);
  assert.equal(highest(watched([...steady, [221, 1]]), span(221)), undefined);
  assert.equal(highest(watched([...steady, [199, 1]]), span(199)), undefined);
});

test("it is the highest need of the window, and never keeps more than there are counts", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 12, maxLength: 80 }), (counts) => {
      const peak = watched(counts.map((count, at) => [at * 10, count]));
      assert.ok(peak.needs.length <= 8);
      assert.equal(highest(peak, span((counts.length - 1) * 10)), Math.max(...counts.slice(-11)));
    }),
  );
});
