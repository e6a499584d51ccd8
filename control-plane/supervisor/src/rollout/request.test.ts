import assert from "node:assert/strict";
import { test } from "node:test";
import { type RolloutRequest, strategyOf } from "./request.ts";

test("what is not said has its default", () => {
  assert.deepEqual(strategyOf({}), { kind: "rolling" });
  const switched = strategyOf({ strategy: "blue-green" });
  assert.ok(switched.kind === "blue-green");
  assert.deepEqual([switched.keepMs, switched.warmUpMs], [60_000, 3_000]);
  const canary = strategyOf({ strategy: "canary" });
  assert.ok(canary.kind === "canary");
  assert.deepEqual([canary.shares, canary.stepMs, canary.warmUpMs], [[0.05, 0.25, 0.5], 60_000, 3_000]);
});

test("a short step warms up for a part of it, and few calls are looked at from the first look", () => {
  const canary = strategyOf({ strategy: "canary", steps: [10], stepMs: 1_000, callsMin: 10 });
  assert.ok(canary.kind === "canary");
  assert.deepEqual([canary.shares, canary.warmUpMs, canary.criteria.firstLookCallsMin], [[0.1], 100, 10]);
});

for (const [what, request, message] of [
  ["a strategy that is none", { strategy: "hope" as never }, /'hope' is no strategy/],
  ["a figure of another strategy", { strategy: "rolling", keepMs: 1 }, /'keepMs' means nothing to 'rolling'/],
  ["steps without a canary", { steps: [5] }, /'steps' means nothing/],
  ["a time that is none", { strategy: "canary", stepMs: Number.NaN }, /stepMs cannot be NaN/],
  ["a step without time", { strategy: "canary", stepMs: 0 }, /stepMs cannot be 0/],
  ["a verdict on nothing", { strategy: "canary", callsMin: 0 }, /callsMin cannot be 0/],
  ["no time for the whole", { timeoutMs: 0 }, /timeoutMs cannot be 0/],
  ["a negative time", { timeoutMs: -1 }, /timeoutMs cannot be -1/],
] satisfies [string, RolloutRequest, RegExp][])
  test(`${what} is refused`, () => assert.throws(() => strategyOf(request), { code: "USAGE", message }));
