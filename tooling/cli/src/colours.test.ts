import assert from "node:assert/strict";
import { test } from "node:test";
import { painter, showsColours } from "./colours.ts";

test("colours are shown at a terminal, and what the environment says is stronger", () => {
  const cases: [Record<string, string>, boolean, boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ CI: "true" }, true, false],
    [{ CI: "false" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1", CI: "true" }, false, true],
  ];
  for (const [env, isTerminal, expected] of cases) {
    assert.equal(showsColours({ env, isTerminal }), expected, JSON.stringify([env, isTerminal]));
  }
});

test("a painter without colours leaves texts alone", () => {
  assert.equal(painter(false)("red", "text"), "text");
  assert.equal(painter(true)("red", "text"), "\u001b[31mtext\u001b[39m");
});
