import assert from "node:assert/strict";
import { test } from "node:test";
import { endedFailure } from "./failure.ts";
import type { ProcessSpec } from "./spec.ts";

const spec: ProcessSpec = {
  unit: "articles",
  instance: "articles-1",
  command: "node",
  args: [],
  env: {},
  cwd: "/",
  readyTimeoutMs: 1,
  drainTimeoutMs: 1,
};

test("an exit with code 3 lasts when it comes before ready; later it is a handler's doing, and the next start may mend it", () => {
  const ended = (exit: number, wasReady: boolean) => {
    const { error, mendable } = endedFailure(spec, { exit, signal: null, wasReady });
    return [error.code, mendable];
  };
  assert.deepEqual(ended(3, false), ["CONFIG_INVALID", false]);
  assert.deepEqual(ended(3, true), ["INSTANCE_CRASHED", true]);
  assert.deepEqual(ended(1, false), ["INSTANCE_CRASHED", true]);
});
