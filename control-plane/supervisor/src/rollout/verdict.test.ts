import assert from "node:assert/strict";
import { test } from "node:test";
import { isSample, quantileMs, type ReleaseSample, since } from "./sample.ts";
import { defaultCriteria as criteria, judge } from "./verdict.ts";

const boundsMs = [10, 20, 40, 80];

/** Calls by the bucket they fell in. */
function sample(latency: readonly number[], failed = 0): ReleaseSample {
  return { calls: latency.reduce((sum, count) => sum + count, 0), failed, latency };
}

const verdictOf = (old: ReleaseSample, suspect: ReleaseSample, look = 1) =>
  judge({ old, new: suspect }, { look, criteria, boundsMs });

const steady = sample([500, 400, 90, 10, 0], 1);

const table: readonly { title: string; suspect: ReleaseSample; kind: "worse" | "not-worse"; old?: ReleaseSample }[] = [
  { title: "the same", suspect: sample([50, 40, 9, 1, 0]), kind: "not-worse" },
  { title: "5 % failed", suspect: sample([100, 80, 18, 2, 0], 10), kind: "worse" },
  { title: "two failed calls of three", suspect: sample([3, 0, 0, 0, 0], 2), kind: "not-worse" },
  { title: "three of three", suspect: sample([3, 0, 0, 0, 0], 3), kind: "worse" },
  {
    title: "significantly, but by less than the margin",
    old: sample([1e6, 0, 0, 0, 0], 1e3),
    suspect: sample([1e6, 0, 0, 0, 0], 4e3),
    kind: "not-worse",
  },
  { title: "twice as slow", suspect: sample([10, 40, 40, 9, 1]), kind: "worse" },
  { title: "twice as slow, in too few calls", suspect: sample([0, 4, 4, 1, 0]), kind: "not-worse" },
  { title: "slower by next to nothing, surely", suspect: sample([47e4, 43e4, 9e4, 1e4, 0]), kind: "not-worse" },
  {
    title: "no baseline, 5 % failed",
    old: sample([0, 0, 0, 0, 0]),
    suspect: sample([200, 0, 0, 0, 0], 10),
    kind: "worse",
  },
  {
    title: "no baseline, 1 % failed",
    old: sample([0, 0, 0, 0, 0]),
    suspect: sample([300, 0, 0, 0, 0], 3),
    kind: "not-worse",
  },
  {
    title: "as bad as the old one",
    old: sample([1000, 0, 0, 0, 0], 500),
    suspect: sample([100, 0, 0, 0, 0], 50),
    kind: "not-worse",
  },
];

for (const { title, suspect, kind, old = steady } of table) {
  test(`a release is ${kind} that is: ${title}`, () => {
    const verdict = verdictOf(old, suspect);
    assert.equal(verdict.kind, kind, verdict.reason);
    assert.match(verdict.reason, /\d/);
  });
}

test("latencies are compared by those that were taken, however many calls there were", () => {
  const slow = { ...sample([0, 0, 0, 20, 0]), calls: 1_000 };
  assert.equal(verdictOf(steady, slow).kind, "not-worse");
  assert.match(verdictOf(steady, slow).reason, /too few latencies \(20\) to compare$/);
  assert.equal(verdictOf(steady, { ...sample([0, 0, 0, 30, 0]), calls: 1_000 }).kind, "worse");
});

test("the more often one has looked, the more it takes", () => {
  const suspect = sample([60, 0, 0, 0, 0], 3);
  assert.equal(verdictOf(sample([2000, 0, 0, 0, 0], 4), suspect, 1).kind, "worse");
  assert.equal(verdictOf(sample([2000, 0, 0, 0, 0], 4), suspect, 10).kind, "not-worse");
});

test("a verdict says its numbers", () => {
  assert.match(
    verdictOf(steady, sample([100, 80, 18, 2, 0], 10)).reason,
    /^new failed 10 of 200 calls \(5 %\), old 1 of 1000 \(0\.1 %\), p [\d.e-]+ < 0\.003$/,
  );
});

test("a quantile is read within its bucket, and never beyond the last bound", () => {
  assert.equal(quantileMs([10, 10, 0, 0, 0], boundsMs, 0.5), 10);
  assert.equal(quantileMs([10, 10, 0, 0, 0], boundsMs, 0.75), 15);
  assert.equal(quantileMs([0, 0, 0, 0, 5], boundsMs, 0.5), 80);
  assert.ok(Number.isNaN(quantileMs([0, 0, 0, 0, 0], boundsMs, 0.5)));
});

test("counts that cannot be true are not samples", () => {
  const good = sample([1, 2, 3, 4, 5], 2);
  assert.ok(isSample(good, 5));
  for (const bad of [
    { ...good, calls: Number.NaN },
    { ...good, failed: -1 },
    { ...good, failed: 16 },
    { ...good, calls: Number.POSITIVE_INFINITY },
    { ...good, latency: [1, 2, 3, 4] },
    { ...good, latency: [1, 2, 3, 4, 0.5] },
  ])
    assert.equal(isSample(bad, 5), false);
});

test("what went back was counted anew, so there is no difference to take", () => {
  const now = { old: sample([5, 5, 0, 0, 0], 1), new: sample([1, 0, 0, 0, 0]) };
  const base = { old: sample([2, 5, 0, 0, 0]), new: sample([0, 0, 0, 0, 0]) };
  assert.deepEqual(since(base, now), { old: sample([3, 0, 0, 0, 0], 1), new: sample([1, 0, 0, 0, 0]) });
  assert.equal(since({ ...base, new: sample([0, 1, 0, 0, 0]) }, now), undefined);
});
