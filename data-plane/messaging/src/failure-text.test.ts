import assert from "node:assert/strict";
import { test } from "node:test";
import { asCantleError, CantleError } from "@cantle/core";
import { failureText } from "./failure-text.ts";

test("of what a handler threw, its text is kept, and not what callers are told instead", () => {
  const refused = new Error("550 no such mailbox", { cause: new Error("RCPT TO was refused") });
  assert.equal(failureText(asCantleError(refused)), "550 no such mailbox: RCPT TO was refused");
  assert.equal(failureText(asCantleError("a text")), "a text");
  assert.equal(failureText(asCantleError(undefined)), "something went wrong inside the service");
});

test("of a service that did not answer, why it did not", () => {
  const cause = new CantleError("CONNECT_FAILED", "no connection could be made");
  const error = new CantleError("UNAVAILABLE", "a service that 'notices' needs did not answer", { cause });
  assert.equal(failureText(error), "a service that 'notices' needs did not answer: no connection could be made");
});

test("of data that does not fit, where it does not", () => {
  const errors = { id: ["expected number"], "to.name": ["is missing", "is odd"] };
  const error = new CantleError("INPUT_INVALID", "the input does not fit", { errors });
  assert.equal(failureText(error), "the input does not fit (id: expected number; to.name: is missing, is odd)");
});

test("an error that was only wrapped is said once", () => {
  const cause = new CantleError("DEADLINE_EXCEEDED", "did not answer");
  assert.equal(failureText(new CantleError("DEADLINE_EXCEEDED", "did not answer", { cause })), "did not answer");
});
