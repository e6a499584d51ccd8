import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Code, codes } from "@cantle/core";
import { isFault, verdictOf } from "./verdict.ts";

const judged = (code: Code) => verdictOf(new CantleError(code, code));

test("what never came through or broke, and who leaves, is not connected", () => {
  for (const code of ["CONNECT_FAILED", "UNREACHABLE", "DRAINING"] as const) assert.equal(judged(code), "unconnected");
});

test("what HTTP would answer with a 5xx is the target's fault, whatever it is called", () => {
  // The caller's own transaction is the caller's own mistake, and nothing was sent.
  const own: readonly Code[] = ["CALL_IN_TRANSACTION", "TRANSACTION_MISUSED", "CONTRACT_INCOMPATIBLE", "DECLARED"];
  for (const [code, { status = 0 }] of Object.entries(codes) as [Code, { status?: number }][])
    if (status >= 500 && !own.includes(code)) assert.equal(isFault(new CantleError(code, code)), true, code);
});

test("what the caller did wrong says nothing of the target", () => {
  for (const [code, { status = 0 }] of Object.entries(codes) as [Code, { status?: number }][])
    if (status >= 400 && status < 499) assert.equal(judged(code), "well", code);
});

test("a declared failure is an answer, whatever its status", () => {
  const declared = (status: number) =>
    verdictOf(new CantleError("DECLARED", "as declared", { failure: "Named", status }));
  for (const status of [400, 404, 409, 429, 500, 503]) assert.equal(declared(status), "well");
});

test("who sheds is there, and of who went away nothing is known", () => {
  assert.equal(judged("OVERLOADED"), "shedding");
  assert.equal(judged("CANCELLED"), "unknown");
  assert.equal(isFault(new CantleError("CANCELLED", "gone")), false);
});

test("what is no error of ours is the target's fault", () => {
  for (const thrown of [new TypeError("x"), undefined, "text"]) assert.equal(verdictOf(thrown), "unwell");
});
