import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import fc from "fast-check";
import { slowerP, upperTail } from "./rank-test.ts";

test("the tail of the normal distribution is the one of the tables", () => {
  const table = [
    [0, 0.5],
    [1, 0.1586552539314571],
    [1.959963984540054, 0.025],
    [3.0902323061678132, 0.001],
    [5, 2.866515718791939e-7],
    [-2, 0.9772498680518208],
  ] as const;
  for (const [z, tail] of table) assert.ok(Math.abs(upperTail(z) / tail - 1) < 1e-9, `${z}: ${upperTail(z)}`);
});

test("a shift of everything is found, the same distribution and a faster one are not", () => {
  const baseline = [100, 300, 400, 150, 50];
  assert.ok(slowerP(baseline, [10, 30, 40, 15, 5]) > 0.4);
  assert.ok(slowerP(baseline, [0, 10, 30, 40, 20]) < 1e-6);
  assert.ok(slowerP(baseline, [40, 40, 15, 5, 0]) > 0.999);
});

test("nothing is claimed without calls, or when all are in one bucket", () => {
  assert.equal(slowerP([0, 0], [5, 5]), 1);
  assert.equal(slowerP([5, 5], [0, 0]), 1);
  assert.equal(slowerP([0, 9], [0, 9]), 1);
});

const counts = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 4, maxLength: 4 });

test("a p-value lies between 0 and 1, and slowing a call down never makes a release look faster", () => {
  fc.assert(
    fc.property(counts, counts, fc.integer({ min: 0, max: 2 }), (baseline, suspect, bucket) => {
      const before = slowerP(baseline, suspect);
      assert.ok(before >= 0 && before <= 1);
      if (suspect[bucket] === 0) return;
      const slower = suspect.map((count, at) => count + (at === bucket ? -1 : at === bucket + 1 ? 1 : 0));
      assert.ok(rank(baseline, slower) >= rank(baseline, suspect));
    }),
  );
});

/** How often a suspect call is the slower one of a pair. */
function rank(baseline: readonly number[], suspect: readonly number[]): number {
  let wins = 0;
  for (const [s, own] of suspect.entries())
    for (const [b, other] of baseline.entries()) wins += own * other * (s > b ? 1 : s === b ? 0.5 : 0);
  return wins;
}

test("of releases that are the same, about as many look slower as the level says", () => {
  const random = seededRandom(11);
  const draw = (calls: number) => {
    const buckets = [0, 0, 0, 0, 0, 0];
    for (let call = 0; call < calls; call++) buckets[Math.floor(6 * random.next() ** 2)]! += 1;
    return buckets;
  };
  let alarms = 0;
  for (let run = 0; run < 2000; run++) if (slowerP(draw(1500), draw(75)) < 0.05) alarms++;
  assert.ok(alarms > 60 && alarms < 140, `${alarms} of 2000`);
});
