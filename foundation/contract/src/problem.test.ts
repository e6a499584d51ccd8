import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, codes, isCantleError } from "@cantle/core";
import { contract } from "./contract.ts";
import { get } from "./draft.ts";
import { errorOfProblem, problemOf, statusTitle } from "./problem.ts";

const { operations } = contract("things", {
  version: "1.0.0",
  operations: { read: get("/things", { errors: { Gone: { status: 410 } } }) },
});
const there = (error: CantleError) =>
  errorOfProblem(JSON.parse(JSON.stringify(problemOf(error))), {
    operation: operations.read,
    status: error.status,
    retryAfter: error.retryAfterSeconds?.toString(),
  });
const told = ({ code, message, status, failure, data, errors, retried, retryAfterSeconds }: CantleError) => ({
  code,
  message,
  status,
  failure,
  data,
  errors,
  retried,
  retryAfterSeconds,
});

for (const error of [
  new CantleError("INPUT_INVALID", "no", { errors: { "a.b": ["x", "y"] } }),
  new CantleError("OVERLOADED", "busy", { retried: true, retryAfterSeconds: 3 }),
  new CantleError("DECLARED", "gone", { failure: "Gone", status: 410, data: { at: [1, null] } }),
  new CantleError("DECLARED", "no data", { failure: "Gone", status: 410 }),
]) {
  test(`${error.code} '${error.message}' is the same on the other side`, () => {
    assert.deepEqual(told(there(error)), told(error));
  });
}

test("a problem tells nothing that is for the log", () => {
  const error = new CantleError("INTERNAL", "sorry", {
    notes: "secret",
    place: "secret",
    help: "secret",
    cause: new Error("secret"),
  });
  assert.doesNotMatch(JSON.stringify(problemOf(error)), /secret/);
});

test("only whole seconds say when to come back", () => {
  const seconds = (retryAfter: string | null) =>
    errorOfProblem({ code: "OVERLOADED" }, { operation: operations.read, status: 503, retryAfter }).retryAfterSeconds;
  assert.deepEqual(["7", "0", "-1", "1.5", "9".repeat(30), "Wed, 21 Oct 2026 07:28:00 GMT", "", null].map(seconds), [
    7,
    0,
    ...Array(6).fill(undefined),
  ]);
});

test("messages of a shape that is not ours are dropped", () => {
  for (const errors of ["x", [1], { a: "b" }, { a: [1] }, null]) {
    assert.equal(
      errorOfProblem({ code: "INPUT_INVALID", errors }, { operation: operations.read, status: 422 }).errors,
      undefined,
    );
  }
});

test("every status of the table of codes has a phrase of its own", () => {
  for (const { status } of Object.values(codes)) {
    if (status !== undefined) assert.ok(!["Client Error", "Server Error"].includes(statusTitle(status)), `${status}`);
  }
});

test("no failure can be named like a code of Cantle's own, so neither passes for the other", () => {
  assert.throws(
    () =>
      contract("things", {
        version: "1.0.0",
        operations: { read: get("/things", { errors: { FORBIDDEN: { status: 403 } } }) },
      }),
    (error) => isCantleError(error) && error.code === "CONTRACT_INVALID",
  );
});
