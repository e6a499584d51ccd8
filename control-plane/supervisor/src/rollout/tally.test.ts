import assert from "node:assert/strict";
import { test } from "node:test";
import { latencyBuckets } from "../load.ts";
import type { InstanceLoad } from "../spec.ts";
import { figuresOf, Tally } from "./tally.ts";

/** A report of a process. */
function load(process: string, calls: number, failedCalls = 0): InstanceLoad {
  const [instance = "", generation] = process.split(".");
  const latencies = new Array<number>(latencyBuckets).fill(0);
  latencies[20] = calls;
  const rest = { takenMs: 0, inFlight: 0, cpuMs: 0, loopBusyMs: 0, loopIdleMs: 0, memoryBytes: 0 };
  return {
    unit: "a",
    instance,
    generation: Number(generation),
    heardMs: 0,
    report: { ...rest, calls, failedCalls, latencies },
  };
}

test("releases are summed up apart, and what ended or was started again stays counted", () => {
  const tally = new Tally({ old: ["a-1", "a-2"], new: ["a-3"] });
  tally.hear([load("a-1.1", 10), load("a-2.1", 20, 2), load("a-3.1", 5), load("b-1.1", 1_000)]);
  tally.hear([load("a-1.2", 1), load("a-3.1", 7, 1)]);
  const { old, new: canary } = tally.samples;
  assert.deepEqual([old.calls, old.failed, old.latency[20]], [31, 2, 31]);
  assert.deepEqual([canary.calls, canary.failed], [7, 1]);
});

test("figures are what people compare, and none where there are no calls", () => {
  const tally = new Tally({ old: ["a-1"], new: ["a-2"] });
  tally.hear([load("a-1.1", 100)]);
  const { p50Ms, p95Ms, calls } = figuresOf(tally.samples.old);
  assert.equal(calls, 100);
  assert.ok(p50Ms !== null && p95Ms !== null && p50Ms < p95Ms, `${p50Ms}, ${p95Ms}`);
  assert.deepEqual(figuresOf(tally.samples.new), { calls: 0, failed: 0, p50Ms: null, p95Ms: null });
});
