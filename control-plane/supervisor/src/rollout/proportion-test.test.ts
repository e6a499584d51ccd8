import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { failsMoreP, type Trials } from "./proportion-test.ts";

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, expected), `${actual} is not ${expected}`);

test("the lady who tasted tea: three of four right is chance in 17 of 70 cases", () => {
  near(failsMoreP({ calls: 4, failed: 1 }, { calls: 4, failed: 3 }), 17 / 70);
  near(failsMoreP({ calls: 4, failed: 0 }, { calls: 4, failed: 4 }), 1 / 70);
});

test("one failure more means nothing, a failure in twenty against none in thousands does", () => {
  assert.ok(failsMoreP({ calls: 2000, failed: 1 }, { calls: 100, failed: 1 }) > 0.05);
  assert.ok(failsMoreP({ calls: 2000, failed: 2 }, { calls: 100, failed: 5 }) < 1e-4);
  assert.ok(failsMoreP({ calls: 3, failed: 0 }, { calls: 100, failed: 5 }) > 0.5, "three calls are no baseline");
});

test("nothing is claimed of a release that fails as often or less, or has no calls", () => {
  assert.equal(failsMoreP({ calls: 1000, failed: 10 }, { calls: 100, failed: 1 }), 1);
  assert.equal(failsMoreP({ calls: 1000, failed: 10 }, { calls: 0, failed: 0 }), 1);
  assert.equal(failsMoreP({ calls: 0, failed: 0 }, { calls: 10, failed: 10 }), 1);
});

test("a billion calls are as good as ten", () => {
  const p = failsMoreP({ calls: 1e9, failed: 1e6 }, { calls: 1e9, failed: 1.01e6 });
  assert.ok(p > 0 && p < 1e-6);
});

const trials = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 }))
  .map(([calls, failed]): Trials => ({ calls, failed: Math.min(calls, failed) }));

test("it is the sum of hypergeometric terms, counted exactly", () => {
  fc.assert(
    fc.property(trials, trials, (baseline, suspect) => {
      const p = failsMoreP(baseline, suspect);
      if (suspect.failed / suspect.calls <= baseline.failed / baseline.calls) return assert.equal(p, 1);
      near(p, Math.min(1, exactly(baseline, suspect)));
    }),
  );
});

function exactly(baseline: Trials, suspect: Trials): number {
  const failed = baseline.failed + suspect.failed;
  let ways = 0n;
  for (let x = suspect.failed; x <= Math.min(failed, suspect.calls); x++)
    ways += choose(suspect.calls, x) * choose(baseline.calls, failed - x);
  const all = choose(baseline.calls + suspect.calls, failed);
  return Number((ways * 10n ** 15n) / all) / 1e15;
}

function choose(n: number, k: number): bigint {
  let ways = 1n;
  for (let i = 1; i <= k; i++) ways = (ways * BigInt(n - k + i)) / BigInt(i);
  return k > n ? 0n : ways;
}
