import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttemptRecord, triedBefore, triedOnceMore } from "./attempts.ts";

const gone = { code: "CONSUMER_GONE", message: "gone", at: "2026-01-02T03:04:05.678Z" };
const failed = { code: "INTERNAL", message: "failed", at: "2026-01-02T03:04:05.678Z" };

function known(deliveries: number, attempts: number): AttemptRecord {
  return { deliveries, attempts, failures: Array.from({ length: attempts }, () => failed), untilMs: 0 };
}

test("the first delivery was tried never", () => {
  assert.deepEqual(triedBefore(1, undefined, gone), { attempts: 0, failures: [] });
});

test("deliveries that nobody wrote anything about count, for their consumers are gone", () => {
  assert.deepEqual(triedBefore(3, undefined, gone), { attempts: 2, failures: [gone, gone] });
  assert.deepEqual(triedBefore(4, known(2, 2), gone), { attempts: 3, failures: [failed, failed, gone] });
});

test("one that was given back unbegun does not count", () => {
  assert.deepEqual(triedBefore(6, known(5, 1), gone), { attempts: 1, failures: [failed] });
});

test("no more than 32 failures are kept, the newest", () => {
  const { attempts, failures } = triedBefore(1_000, undefined, gone);
  assert.deepEqual([attempts, failures.length], [999, 32]);
  const more = triedOnceMore({ attempts, failures }, failed);
  assert.deepEqual([more.attempts, more.failures.length, more.failures.at(-1)], [1_000, 32, failed]);
});
