import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, virtualClock } from "@cantle/core";
import { createLogger } from "@cantle/telemetry";
import { keepClean } from "./cleaning.ts";

/** Rows that are old, and how many each look took of them. */
function fixture(oldCount: number) {
  const clock = virtualClock();
  const warned: string[] = [];
  const log = createLogger((_level, message) => void warned.push(message));
  const took: number[] = [];
  let left = oldCount;
  const effects = {
    clean: async (countMax: number) => {
      if (left < 0) throw new CantleError("OVERLOADED", "too many writes wait");
      const count = Math.min(left, countMax);
      left -= count;
      took.push(count);
      return count;
    },
  };
  const cleaning = keepClean(effects, { clock, log });
  const age = (count: number) => {
    left = count;
  };
  return { clock, took, warned, cleaning, age };
}

test("a million old rows go in small portions with rests between them, and then rarely anything is looked for", async () => {
  const { clock, took, cleaning } = fixture(1_000_000);
  await clock.advance(1_000);
  assert.ok(took.length > 1 && took.length < 25, `${took.length} portions in the first second`);
  assert.ok(Math.max(...took) <= 500);
  await clock.advance(150_000);
  assert.equal(
    took.reduce((sum, count) => sum + count, 0),
    1_000_000,
  );
  const before = took.length;
  await clock.advance(3_600_000);
  assert.equal(took.length - before, 6);
  await cleaning.stop();
});

test("a look that fails is told, and is followed by another; none follows the stop", async () => {
  const { clock, took, warned, cleaning, age } = fixture(-1);
  await clock.advance(1);
  assert.deepEqual([warned.length, took], [1, []]);
  age(3);
  await clock.advance(600_000);
  assert.deepEqual(took, [3]);
  await cleaning.stop();
  await clock.advance(6_000_000);
  assert.deepEqual(took, [3]);
});
