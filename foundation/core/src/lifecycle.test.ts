import assert from "node:assert/strict";
import { test } from "node:test";
import { createStarted } from "./lifecycle.ts";

test("what was started last is stopped first, one after the other", async () => {
  const started = createStarted();
  const story: string[] = [];
  started.add(async () => {
    story.push("first");
  });
  started.add(async () => {
    story.push("second begins");
    await Promise.resolve();
    story.push("second ends");
  });
  await started.stop();
  assert.deepEqual(story, ["second begins", "second ends", "first"]);
});

test("stopping twice is the same as once", async () => {
  const started = createStarted();
  let stops = 0;
  started.add(() => void stops++);
  await Promise.all([started.stop(), started.stop()]);
  await started.stop();
  assert.equal(stops, 1);
});

test("one failure does not keep the others from being stopped, and is thrown", async () => {
  const started = createStarted();
  const failure = new Error("stuck");
  let stopped = false;
  started.add(() => {
    stopped = true;
  });
  started.add(() => Promise.reject(failure));
  await assert.rejects(started.stop(), failure);
  assert.equal(stopped, true);
});

test("several failures are thrown together", async () => {
  const started = createStarted();
  started.add(() => Promise.reject(new Error("a")));
  started.add(() => {
    throw new Error("b");
  });
  await assert.rejects(started.stop(), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(
      error.errors.map((each: Error) => each.message),
      ["b", "a"],
    );
    return true;
  });
});
