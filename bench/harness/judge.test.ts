/** Medians, ratios within rounds, verdicts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Standing } from "./contest.ts";
import { figureOf, judge, median, ratiosOf } from "./judge.ts";

const standing = (name: string, values: number[]): Standing => ({
  name,
  work: "w",
  rounds: values.map((us) => ({ us })),
});

test("the median is the middle value, and of two middle ones their mean", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 7]), 6);
});

test("ratios are taken within rounds, so a machine that slows down for one round moves nothing", () => {
  const [ours, floor] = [standing("ours", [2, 20, 2]), standing("floor", [1, 10, 1])];
  assert.deepEqual(ratiosOf(ours, floor, "us"), [2, 2, 2]);
});

test("a target holds at its bound and not past it", () => {
  const target = { contestant: "ours", work: "w", measure: "us", to: "floor" };
  const standings = [standing("ours", [3, 3, 3]), standing("floor", [2, 2, 2])];
  assert.equal(judge({ ...target, atMost: 1.5 }, standings).holds, true);
  assert.equal(judge({ ...target, atMost: 1.4 }, standings).holds, false);
  assert.equal(judge({ ...target, atLeast: 1.6 }, standings).holds, false);
});

test("where the worst round counts, one that misses is a miss", () => {
  const standings = [standing("ours", [0, 0, 5])];
  const target = { contestant: "ours", work: "w", measure: "us" };
  assert.deepEqual([judge({ ...target, atMost: 0 }, standings).holds, figureOf(standings[0]!, "us")], [true, 0]);
  assert.deepEqual(judge({ ...target, atMost: 0 }, standings, "worst"), {
    ...target,
    atMost: 0,
    figure: 5,
    holds: false,
  });
  assert.equal(judge({ ...target, atLeast: 1 }, standings, "worst").figure, 0);
  assert.equal(figureOf(standings[0]!, "us", "worst"), 5);
});

test("what was not measured neither holds nor fails", () => {
  const target = { contestant: "ours", work: "w", measure: "us", to: "nginx", atMost: 1 };
  assert.equal(judge(target, [standing("ours", [1])]).holds, undefined);
  assert.equal(judge(target, [standing("ours", [1]), standing("nginx", [])]).holds, undefined);
});
