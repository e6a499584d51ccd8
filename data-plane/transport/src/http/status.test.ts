import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { contract, get, problemOf } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { z } from "zod";
import { failureOfStatus } from "./status.ts";

const { read } = contract("things", {
  version: "1.0.0",
  operations: {
    read: get("/things", {
      errors: {
        Missing: { status: 404 },
        Taken: { status: 409, data: z.object({ by: z.string() }) },
        Gone: { status: 410 },
        Lost: { status: 410 },
      },
    }),
  },
}).operations;

function answer(status: number, body: unknown = "", headers: Record<string, string> = {}) {
  const json = typeof body !== "string";
  const bytes = Buffer.from(json ? JSON.stringify(body) : body);
  return failureOfStatus(
    { status, headers: { "content-type": json ? "application/json" : "text/html", ...headers }, bytes },
    read,
  );
}

describe("failures of foreign programs", () => {
  test("a problem document of ours is the error that it was, whatever the status", () => {
    const error = new CantleError("OVERLOADED", "full");
    const back = answer(500, problemOf(error), { "content-type": "application/problem+json", "retry-after": "2" });
    assert.deepEqual([back.code, back.message, back.retryAfterSeconds], ["OVERLOADED", "full", 2]);
  });

  test("a status that one declared failure has is that failure", () => {
    assert.deepEqual([answer(404).code, answer(404).failure, answer(404).data], ["DECLARED", "Missing", undefined]);
    const taken = answer(409, { by: "ann" });
    assert.deepEqual([taken.failure, taken.status, taken.data], ["Taken", 409, { by: "ann" }]);
  });

  test("a status that two declared failures share is neither", () => {
    assert.equal(answer(410).code, "REPLY_MALFORMED");
  });

  test("other statuses mean what HTTP says, or that the contract is not kept", () => {
    for (const [status, code] of [
      [301, "REPLY_MALFORMED"],
      [304, "REPLY_MALFORMED"],
      [400, "INPUT_INVALID"],
      [401, "UNAUTHENTICATED"],
      [402, "REPLY_MALFORMED"],
      [403, "FORBIDDEN"],
      [405, "REPLY_MALFORMED"],
      [413, "BODY_TOO_LARGE"],
      [422, "INPUT_INVALID"],
      [429, "OVERLOADED"],
      [500, "INTERNAL"],
      [501, "INTERNAL"],
      [502, "UNAVAILABLE"],
      [503, "UNAVAILABLE"],
      [504, "DEADLINE_EXCEEDED"],
      [599, "INTERNAL"],
    ] as const) {
      assert.equal(answer(status, "<h1>no</h1>").code, code, String(status));
    }
    assert.equal(answer(503, "", { "retry-after": "9" }).retryAfterSeconds, 9);
  });

  test("broken JSON, and a problem with a code that is nobody's, are read by the status", () => {
    assert.equal(answer(500, "{", { "content-type": "application/json" }).code, "INTERNAL");
    assert.equal(answer(403, { code: "__proto__", detail: "x" }).code, "FORBIDDEN");
  });
});
