import assert from "node:assert/strict";
import { test } from "node:test";
import { type EjectionPolicy, Standing, without } from "./ejection.ts";

const policy: EjectionPolicy = { failuresMax: 3, failureRatioMax: 0.5, callsMin: 10, outMs: 1_000 };
const many = (times: number, act: () => void) => Array.from({ length: times }, act);

test("failures in a row put an endpoint out, and a success between them starts the count again", () => {
  const standing = new Standing();
  many(2, () => standing.failed(policy, 0));
  standing.succeeded(0);
  many(2, () => standing.failed(policy, 0));
  assert.equal(standing.out(0), false);
  assert.equal(standing.failed(policy, 0), true);
  assert.equal(standing.out(999), true);
  assert.equal(standing.out(1_000), false);
});

test("a share of failures puts it out only when there are enough calls to speak of one", () => {
  const standing = new Standing();
  const fail = () => standing.failed({ ...policy, failuresMax: 100 }, 0);
  many(5, () => standing.succeeded(0));
  many(4, fail);
  assert.equal(standing.out(0), false);
  fail();
  assert.equal(standing.out(0), true);
});

test("failures of long ago are no share of today's", () => {
  const standing = new Standing();
  many(9, () => standing.failed({ ...policy, failuresMax: 100 }, 0));
  many(9, () => standing.succeeded(20_000));
  standing.failed({ ...policy, failuresMax: 100 }, 20_000);
  assert.equal(standing.out(20_000), false);
});

test("back on trial, one failure puts it out for twice as long, up to ten times; a success is a new start", () => {
  const standing = new Standing();
  many(3, () => standing.failed(policy, 0));
  let nowMs = 0;
  const outs: number[] = [];
  for (let round = 0; round < 5; round++) {
    outs.push(standing.outUntilMs - nowMs);
    nowMs = standing.outUntilMs;
    standing.failed(policy, nowMs);
  }
  assert.deepEqual(outs, [1_000, 2_000, 4_000, 8_000, 10_000]);
  nowMs = standing.outUntilMs;
  standing.succeeded(nowMs);
  many(2, () => standing.failed(policy, nowMs));
  assert.equal(standing.out(nowMs), false);
  standing.failed(policy, nowMs);
  assert.equal(standing.outUntilMs - nowMs, 1_000);
});

test("answers that come in late, while it is out, change nothing", () => {
  const standing = new Standing();
  many(3, () => standing.failed(policy, 0));
  standing.succeeded(10);
  assert.equal(standing.failed(policy, 20), false);
  assert.equal(standing.outUntilMs, 1_000);
  standing.failed(policy, 1_000);
  assert.equal(standing.outUntilMs, 3_000);
});

const pool = (...outUntilMs: number[]) =>
  outUntilMs.map((untilMs, id) => ({ id, standing: Object.assign(new Standing(), { outUntilMs: untilMs }) }));
const table: [string, number[], number[]][] = [
  ["all are well: all are used", [0, 0, 0], [0, 1, 2]],
  ["one of two is out: the other is used", [9, 0], [1]],
  ["the only one is used whatever is thought of it", [9], [0]],
  ["one of three is out", [0, 9, 0], [0, 2]],
  ["two of three are out: half of three is one, so one comes back", [0, 9, 8], [0, 1]],
  ["two of four are out", [9, 9, 0, 0], [2, 3]],
  ["all are out: all are used", [9, 9, 9], [0, 1, 2]],
  ["those whose time is over are in", [1, 5, 9], [0, 1]],
];
for (const [title, given, kept] of table) {
  test(title, () =>
    assert.deepEqual(
      without(pool(...given), 5).map(({ id }) => id),
      kept,
    ),
  );
}
