import assert from "node:assert/strict";
import { test } from "node:test";
import { readStartAt, startText } from "./start-at.ts";

const nowMs = Date.UTC(2026, 0, 31, 12);

test("first, new, times, spans back and positions are told apart", () => {
  const cases: readonly [string, unknown][] = [
    ["first", { kind: "first" }],
    ["new", { kind: "new" }],
    ["2026-01-31T12:00:00Z", { kind: "time", time: "2026-01-31T12:00:00.000Z" }],
    ["2026-01-31", { kind: "time", time: "2026-01-31T00:00:00.000Z" }],
    ["2026-01-31T13:00:00+01:00", { kind: "time", time: "2026-01-31T12:00:00.000Z" }],
    ["1h", { kind: "time", time: "2026-01-31T11:00:00.000Z" }],
    ["0.5s", { kind: "time", time: "2026-01-31T11:59:59.500Z" }],
    ["42", { kind: "position", position: "42" }],
    ["3:1700", { kind: "position", position: "3:1700" }],
  ];
  for (const [text, start] of cases) assert.deepEqual(readStartAt(text, nowMs), start, text);
});

test("a slip is refused with what was meant, and so is a time that is none", () => {
  for (const text of ["frist", "newest", "", "2026-13-01", "2026-01-31T25:00:00Z", "1 2"])
    assert.throws(() => readStartAt(text, nowMs), { code: "USAGE" }, text);
  assert.throws(() => readStartAt("frist", nowMs), { help: "did you mean 'first'?" });
});

test("a start can be read aloud", () => {
  const texts = ["first", "new", "42", "1h"].map((text) => startText(readStartAt(text, nowMs)));
  assert.deepEqual(texts, ["the first message", "what comes from now on", "position 42", "2026-01-31T11:00:00.000Z"]);
});
