import assert from "node:assert/strict";
import { test } from "node:test";
import { PartitionProgress } from "./partition-progress.ts";

function reading(...offsets: readonly bigint[]): PartitionProgress {
  const progress = new PartitionProgress(10n, 10n);
  for (const offset of offsets) {
    progress.open(offset);
    progress.readTo(offset + 1n);
  }
  return progress;
}

test("what is done behind something that is not done is not written down", () => {
  const progress = reading(10n, 11n, 12n);
  progress.done(11n);
  assert.equal(progress.due, undefined);
  progress.done(10n);
  assert.equal(progress.due, 12n);
});

test("when all is done, everything that was read is written down, also what nobody is shown", () => {
  const progress = reading(10n, 11n);
  progress.readTo(15n);
  progress.done(10n);
  progress.done(11n);
  assert.equal(progress.due, 15n);
  progress.committed(15n);
  assert.equal(progress.due, undefined);
});

test("a group that is new writes down where it begins, also at the very beginning", () => {
  assert.equal(new PartitionProgress(0n, undefined).due, 0n);
  assert.equal(new PartitionProgress(7n, undefined).due, 7n);
  assert.equal(new PartitionProgress(7n, 7n).due, undefined);
});

test("an older number never takes the place of a newer one", () => {
  const progress = reading(10n);
  progress.committed(20n);
  progress.committed(12n);
  progress.done(10n);
  assert.equal(progress.due, undefined);
});
