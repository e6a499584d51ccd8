import assert from "node:assert/strict";
import { test } from "node:test";
import { mapBounded } from "./map-bounded.ts";

test("all are done, at most 64 at a time, and answered in their order", async () => {
  const everyone = Promise.withResolvers<void>();
  let under = 0;
  let most = 0;
  const items = Array.from({ length: 300 }, (_, index) => index);
  const doubled = await mapBounded(items, async (item) => {
    under += 1;
    most = Math.max(most, under);
    if (under === 64) everyone.resolve();
    // All that may begin have begun before the first of them ends.
    if (item < 64) await everyone.promise;
    for (let turn = item % 7; turn > 0; turn--) await undefined;
    under -= 1;
    return item * 2;
  });
  assert.deepEqual(
    doubled,
    items.map((item) => item * 2),
  );
  assert.equal(most, 64);
});

test("the first failure is everybody's", async () => {
  const task = async (item: number) => {
    if (item === 2) throw new RangeError("two");
  };
  await assert.rejects(mapBounded([1, 2, 3], task), /two/);
  assert.deepEqual(await mapBounded([], task), []);
});
