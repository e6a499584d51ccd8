import assert from "node:assert/strict";
import { test } from "node:test";
import { type Code, codes, seededRandom } from "@cantle/core";
import { consumerPolicyDefault as policy } from "./consumer-policy.ts";
import { backOffMs, isSuspect, verdictOf } from "./consumer-verdict.ts";

const random = seededRandom(1);
const verdict = (code: Code, attempt: number) => verdictOf({ code }, attempt, { policy, random }).kind;

test("what failed comes again until it came too often; what is hopeless never does; what was not begun does not count", () => {
  const table: readonly [Code, number, string][] = [
    ["INTERNAL", 1, "nack"],
    ["INTERNAL", 9, "nack"],
    ["INTERNAL", 10, "bury"],
    ["DECLARED", 1, "nack"],
    ["DEADLINE_EXCEEDED", 3, "nack"],
    ["UNAVAILABLE", 10, "bury"],
    ["CONTRACT_INCOMPATIBLE", 1, "nack"],
    ["INPUT_INVALID", 1, "bury"],
    ["BODY_MALFORMED", 1, "bury"],
    ["MESSAGE_INVALID", 1, "bury"],
    ["CONTRACT_INVALID", 1, "bury"],
    ["OVERLOADED", 50, "release"],
    ["DRAINING", 1, "release"],
  ];
  for (const [code, attempt, expected] of table) assert.equal(verdict(code, attempt), expected, `${code} ${attempt}`);
});

test("every code has a verdict", () => {
  for (const code of Object.keys(codes) as Code[]) assert.match(verdict(code, 1), /^(nack|bury|release)$/);
});

test("pauses double up to the most, each a random part of that", () => {
  const most = { next: () => 1, hex: () => "" };
  const backOff = { firstMs: 200, maxMs: 60_000 };
  assert.deepEqual(
    [1, 2, 3, 9, 10, 1_000].map((failures) => backOffMs(backOff, failures, most)),
    [200, 400, 800, 51_200, 60_000, 60_000],
  );
  const drawn = Array.from({ length: 100 }, () => backOffMs(backOff, 3, random));
  assert.ok(drawn.every((ms) => ms >= 0 && ms < 800) && Math.min(...drawn) < 200 && Math.max(...drawn) > 600);
});

test("a message is suspect when a third consumer would have it and the last one did not come back", () => {
  const gone = { code: "CONSUMER_GONE", message: "", at: "" };
  const failed = { code: "INTERNAL", message: "", at: "" };
  assert.deepEqual(
    [isSuspect(2, [gone]), isSuspect(3, [gone, gone]), isSuspect(3, [gone, failed]), isSuspect(3, [])],
    [false, true, false, false],
  );
});
