import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problemOf } from "@cantle/contract";
import { CantleError, type Code, codes } from "@cantle/core";
import { errorOfProblem, retryAfterOf } from "./problem.ts";

describe("problem documents", () => {
  test("every code with a status goes there and comes back", () => {
    for (const [code, facts] of Object.entries(codes) as [Code, { status?: number }][]) {
      if (facts.status === undefined || code === "DECLARED") continue;
      const problem = problemOf(new CantleError(code, "a message"));
      assert.equal(problem.type, "about:blank");
      assert.equal(problem.status, facts.status);
      assert.notEqual(problem.title, "Error");
      const back = errorOfProblem(JSON.parse(JSON.stringify(problem)));
      assert.deepEqual([back?.code, back?.status, back?.message], [code, facts.status, "a message"]);
    }
  });

  test("a declared failure is known by its name and keeps status and data", () => {
    const problem = problemOf(
      new CantleError("DECLARED", "taken", { failure: "EmailTaken", status: 409, data: { email: "a@b" } }),
    );
    assert.deepEqual(problem, {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: "taken",
      code: "EmailTaken",
      failure: "EmailTaken",
      data: { email: "a@b" },
    });
    const back = errorOfProblem(problem);
    assert.deepEqual(
      [back?.code, back?.failure, back?.status, back?.data],
      ["DECLARED", "EmailTaken", 409, { email: "a@b" }],
    );
  });

  test("keeps what the log needs to itself", () => {
    const error = new CantleError("INTERNAL", "something", {
      notes: "secret",
      cause: new Error("secret"),
      place: "secret",
      help: "secret",
    });
    assert.doesNotMatch(JSON.stringify(problemOf(error)), /secret/);
  });

  test("carries errors, the retry mark and Retry-After between services", () => {
    const error = new CantleError("INPUT_INVALID", "no", { errors: { a: ["x"] }, retried: true });
    const back = errorOfProblem(problemOf(error), 3);
    assert.deepEqual([back?.errors, back?.retried, back?.retryAfterSeconds], [{ a: ["x"] }, true, 3]);
    assert.deepEqual(
      [retryAfterOf("7"), retryAfterOf("soon"), retryAfterOf(undefined), retryAfterOf("9999999")],
      [7, undefined, undefined, undefined],
    );
  });

  test("is nothing when a foreign program wrote it", () => {
    for (const value of [
      null,
      1,
      "x",
      [],
      {},
      { code: "NO_SUCH_CODE", detail: "x" },
      { code: "constructor", detail: "x" },
      { code: "INTERNAL" },
      { title: "Not Found", status: 404 },
    ]) {
      assert.equal(errorOfProblem(value), undefined, JSON.stringify(value));
    }
  });
});
