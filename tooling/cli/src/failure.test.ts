import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Code, codes } from "@cantle/core";
import { exitOf, paintedError, printFailure } from "./failure.ts";
import { testTerminal } from "./fixture.ts";

test("the exit code is that of the error's code, and 9 for what is no error of ours", () => {
  for (const code of Object.keys(codes) as Code[]) assert.equal(exitOf(new CantleError(code, "x")), codes[code].exit);
  for (const thrown of [new TypeError("x"), "text", undefined]) assert.equal(exitOf(thrown), 9);
});

test("exit codes mean what the reference says", () => {
  const expected: Partial<Record<Code, number>> = {
    MIGRATION_FAILED: 1,
    USAGE: 2,
    CONFIG_INVALID: 3,
    CONTRACT_INVALID: 3,
    NOT_RUNNING: 4,
    SERVICE_UNKNOWN: 4,
    NODE_TOO_OLD: 5,
    START_TIMEOUT: 6,
    PORT_BUSY: 7,
    ALREADY_RUNNING: 7,
    UNAVAILABLE: 8,
  };
  for (const [code, exit] of Object.entries(expected)) assert.equal(codes[code as Code].exit, exit, code);
});

test("an error of ours is told without a stack, and anything else with one and a request to report it", () => {
  const known = testTerminal();
  assert.equal(printFailure(known, new CantleError("PORT_BUSY", "taken", { help: "choose another" })), 7);
  assert.deepEqual(known.progress, ["error[PORT_BUSY]: taken\n  help: choose another"]);
  const unknown = testTerminal();
  assert.equal(printFailure(unknown, new TypeError("x is not a function")), 9);
  assert.equal(unknown.progress[0], "error: x is not a function");
  assert.match(unknown.progress[1] ?? "", /^\s+at .*failure\.test\.ts/);
  assert.match(unknown.progress.at(-1) ?? "", /please report it/);
});

test("the signposts of an error are painted, and its words are not", () => {
  const text = "error[USAGE]: error: help: me\n  --> here\n  help: like this";
  const painted = paintedError(text, (_, sign) => `<${sign}>`);
  assert.equal(painted, "<error[USAGE]:> error: help: me\n  <-->> here\n  <help:> like this");
});
