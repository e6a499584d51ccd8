import assert from "node:assert/strict";
import { test } from "node:test";
import { testTerminal } from "./fixture.ts";
import { createNarrator } from "./narrator.ts";
import { rowOf } from "./row-fixture.ts";

const error = { code: "SERVICE_BROKEN", text: "error[SERVICE_BROKEN]: broken" } as const;
const failed = { kind: "failed", unit: "a", instance: "a-1", error, retryInMs: 10, crashLoop: false } as const;
const ready = { kind: "ready", unit: "a", instance: "a-1", addresses: [], services: [], afterMs: 120 } as const;

test("the same failure of an instance is told once, until it was ready in between", () => {
  const terminal = testTerminal();
  const narrator = createNarrator(terminal, false);
  for (const event of [failed, failed, ready, failed]) narrator.onEvent(event);
  const told = [error.text, "a-1 is started again, at growing intervals"];
  assert.deepEqual(terminal.progress, [...told, "a-1 is ready (0.1s)", ...told]);
});

test("while somebody edits, a failure waits for that", () => {
  const terminal = testTerminal();
  createNarrator(terminal, true).onEvent(failed);
  assert.deepEqual(terminal.progress, [error.text, "a-1 waits for an edit"]);
});

test("errors of rows are told when no event has told them, and not those that were mended", () => {
  const terminal = testTerminal();
  const narrator = createNarrator(terminal, false);
  narrator.onEvent({ ...failed, retryInMs: null });
  narrator.tellErrors([
    rowOf("a-1", { state: "failed", lastError: error }),
    rowOf("b-1", { state: "failed", lastError: error }),
    rowOf("c-1", { state: "ready", lastError: error }),
  ]);
  assert.deepEqual(terminal.progress, [error.text, "a-1 does not run", error.text, "b-1 does not run"]);
});
