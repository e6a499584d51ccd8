import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type LoadReport,
  latencyBoundMs,
  latencyBucketOf,
  latencyBuckets,
  ratesBetween,
  readLoadReport,
} from "./load.ts";

const none = new Array<number>(latencyBuckets).fill(0);

function report(more: Partial<LoadReport> = {}): LoadReport {
  const counters = { calls: 0, failedCalls: 0, cpuMs: 0, loopBusyMs: 0, loopIdleMs: 0 };
  return { takenMs: 1000, inFlight: 0, latencies: none, memoryBytes: 1, ...counters, ...more };
}

test("every latency is in the bucket whose bounds enclose it", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
      const bucket = latencyBucketOf(ms);
      assert.ok(bucket >= 0 && bucket < latencyBuckets);
      // A hair's breadth for what rounding does to a latency that is a bound.
      assert.ok(ms <= latencyBoundMs(bucket) * (1 + 1e-9));
      assert.ok(bucket === 0 || ms >= latencyBoundMs(bucket - 1) * (1 - 1e-9));
    }),
  );
  assert.equal(latencyBucketOf(Number.NaN), 0);
});

test("a report is read as it was sent", () => {
  const sent = report({ calls: 3, failedCalls: 1, latencies: none.with(4, 3) });
  assert.deepEqual(readLoadReport(structuredClone(sent)), sent);
});

const { calls: _, ...incomplete } = report();
for (const [what, value] of [
  ["nothing", undefined],
  ["a number that is none", report({ cpuMs: Number.NaN })],
  ["an endless one", report({ memoryBytes: Number.POSITIVE_INFINITY })],
  ["a negative one", report({ inFlight: -1 })],
  ["a missing one", incomplete],
  ["a text", { ...report(), calls: "3" }],
  ["too few buckets", report({ latencies: [1, 2] })],
  ["a bucket that is none", report({ latencies: none.with(0, Number.NaN) })],
  ["buckets that are no list", { ...report(), latencies: { length: latencyBuckets } }],
  ["more failures than calls", report({ calls: 1, failedCalls: 2 })],
] as const) {
  test(`a report with ${what} is dropped`, () => assert.equal(readLoadReport(value), undefined));
}

test("rates are the differences of two reports", () => {
  const before = report({ calls: 10, failedCalls: 1, cpuMs: 100, loopBusyMs: 50, loopIdleMs: 50 });
  const after = report({
    takenMs: 3000,
    inFlight: 2,
    calls: 30,
    failedCalls: 2,
    cpuMs: 1100,
    loopBusyMs: 550,
    loopIdleMs: 1550,
    memoryBytes: 7,
  });
  assert.deepEqual(ratesBetween(before, after), {
    inFlight: 2,
    callsPerSecond: 10,
    failedPerSecond: 0.5,
    cpuCores: 0.5,
    loopUtilisation: 0.25,
    memoryBytes: 7,
  });
});

test("reports of two processes, or of one moment, have no rates between them", () => {
  const before = report({ calls: 10 });
  assert.equal(ratesBetween(before, report({ takenMs: 2000, calls: 3 })), undefined);
  assert.equal(ratesBetween(before, before), undefined);
});
