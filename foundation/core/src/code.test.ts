import assert from "node:assert/strict";
import { test } from "node:test";
import { codes, isCode } from "./code.ts";

test("every code has a meaning that is a sentence, a status of an error or none, and an exit code of a command", () => {
  for (const [code, { status, exit, meaning }] of Object.entries(codes)) {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.match(meaning, /^[A-Z].*\.$/, code);
    assert.ok(status === undefined || (status >= 400 && status <= 599), code);
    assert.ok(Number.isInteger(exit) && exit >= 1 && exit <= 9, code);
  }
});

test("what the caller did wrong is never retried", () => {
  for (const [code, { status, retry }] of Object.entries(codes)) {
    if (status !== undefined && status < 500) assert.equal(retry, "never", code);
  }
});

test("the table cannot be changed", () => {
  assert.throws(() => Object.assign(codes, { EXTRA: 1 }), TypeError);
});

test("only the table's own names are codes", () => {
  assert.equal(isCode("INTERNAL"), true);
  for (const text of ["constructor", "__proto__", "toString", "internal", "", undefined, null, 5, ["INTERNAL"]])
    assert.equal(isCode(text), false);
});
