import assert from "node:assert/strict";
import { test } from "node:test";
import { type Call, CantleError, type Reply, virtualClock } from "@cantle/core";
import { latencyBucketOf } from "@cantle/supervisor/child";
import { createLoadMeter } from "./load-meter.ts";

// Nothing here looks into a call.
const call = {} as Call;
const reply: Reply = { kind: "value", value: 1 };

test("a call is in flight until its reply, then it has ended, and took as long as it took", async () => {
  const clock = virtualClock();
  const meter = createLoadMeter(clock);
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const answered = meter.metered(() => promise)(call);
  assert.deepEqual([meter.counts().inFlight, meter.counts().calls], [1, 0]);
  await clock.advance(40);
  resolve(reply);
  assert.equal(await answered, reply);
  const { inFlight, calls, failedCalls, latencies } = meter.counts();
  assert.deepEqual([inFlight, calls, failedCalls], [0, 1, 0]);
  assert.equal(latencies[latencyBucketOf(40)], 1);
});

test("calls in flight are the mean since the last counts, however they swing", async () => {
  const clock = virtualClock();
  const meter = createLoadMeter(clock);
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const answers = Array.from({ length: 8 }, () => meter.metered(() => promise)(call));
  await clock.advance(500);
  resolve(reply);
  await Promise.all(answers);
  await clock.advance(500);
  assert.equal(meter.counts().inFlight, 4);
  await clock.advance(1_000);
  assert.equal(meter.counts().inFlight, 0);
});

for (const [code, failed] of [
  ["INTERNAL", 1],
  ["OVERLOADED", 1],
  ["DEADLINE_EXCEEDED", 1],
  ["DECLARED", 0],
  ["INPUT_INVALID", 0],
  ["CANCELLED", 0],
] as const) {
  test(`${code} is ${failed === 1 ? "" : "no "}failure of the instance, and reaches the caller as it was`, async () => {
    const meter = createLoadMeter(virtualClock());
    const error = new CantleError(code, "no");
    await assert.rejects(meter.metered(() => Promise.reject(error))(call), (thrown) => thrown === error);
    const { inFlight, calls, failedCalls } = meter.counts();
    assert.deepEqual([inFlight, calls, failedCalls], [0, 1, failed]);
  });
}

test("of a busy instance every call is counted and a sample is timed", async () => {
  const meter = createLoadMeter(virtualClock());
  const handle = meter.metered(() => Promise.resolve(reply));
  for (let sent = 0; sent < 10_000; sent++) await handle(call);
  const { calls, latencies } = meter.counts();
  const timed = latencies.reduce((sum, count) => sum + count, 0);
  assert.equal(calls, 10_000);
  assert.ok(timed >= 800 && timed < 1_000, `${timed} were timed`);
});
