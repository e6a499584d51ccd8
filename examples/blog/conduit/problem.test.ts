import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError } from "@cantle/core";
import { shapeProblem } from "./problem.ts";

test("what is wrong with the input is one sentence each, with its place", () => {
  const errors = { "user.email": ["is empty", "is not an email address"], "": ["is not an object"] };
  const error = new CantleError("INPUT_INVALID", "the input does not fit", { errors });
  const problem = {
    type: "about:blank",
    status: 422,
    code: "INPUT_INVALID",
    title: "Unprocessable",
    detail: error.message,
  };
  assert.deepEqual(shapeProblem(problem, error), {
    status: 422,
    body: {
      errors: { body: ["user.email: is empty", "user.email: is not an email address", "is not an object"] },
      code: "INPUT_INVALID",
    },
  });
});

test("any other refusal is its own sentence", () => {
  const error = new CantleError("DECLARED", "email is already taken", { failure: "EmailTaken", status: 409 });
  const problem = { type: "about:blank", status: 409, code: "EmailTaken", title: "Conflict", detail: error.message };
  assert.deepEqual(shapeProblem(problem, error), {
    status: 409,
    body: { errors: { body: ["email is already taken"] }, code: "EmailTaken" },
  });
});
