import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Code, codes } from "./code.ts";
import { asCantleError, CantleError, fromRecord, isCantleError, toRecord } from "./error.ts";

test("an error has the status of its code, unless it says another", () => {
  assert.equal(new CantleError("INPUT_INVALID", "no").status, 422);
  assert.equal(new CantleError("DECLARED", "no", { status: 409 }).status, 409);
  assert.equal(new CantleError("PORT_BUSY", "no").status, 500);
});

test("an error keeps its cause, and says nothing of one where there is none", () => {
  const cause = new TypeError("why");
  assert.equal(new CantleError("INTERNAL", "no", { cause }).cause, cause);
  assert.equal("cause" in new CantleError("INTERNAL", "no"), false);
});

test("an error of another copy of the package is still one; a look-alike is not", () => {
  const foreign = Object.assign(new Error("no"), { code: "INTERNAL", [Symbol.for("cantle.error")]: true });
  assert.equal(isCantleError(foreign), true);
  for (const thing of [new Error("no"), { code: "INTERNAL", message: "no" }, null, undefined, "INTERNAL", 5])
    assert.equal(isCantleError(thing), false);
});

test("what somebody else threw becomes INTERNAL and tells nothing of itself", () => {
  const thrown = new Error("password=hunter2");
  const error = asCantleError(thrown);
  assert.equal(error.code, "INTERNAL");
  assert.equal(error.cause, thrown);
  assert.ok(!JSON.stringify(toRecord(error)).includes("hunter2"));
  assert.equal(asCantleError(error), error);
});

test("notes, cause, place, help and stack never cross a boundary", () => {
  const error = new CantleError("INTERNAL", "no", {
    notes: "secret",
    place: "secret",
    help: "secret",
    cause: new Error("secret"),
  });
  assert.deepEqual(toRecord(error), { code: "INTERNAL", message: "no" });
});

test("what crosses a boundary arrives as it was", () => {
  const details = fc.record(
    {
      status: fc.integer({ min: 400, max: 599 }),
      failure: fc.string(),
      data: fc.jsonValue({ noUnicodeString: false }).filter((value) => !Object.is(value, -0)),
      errors: fc.dictionary(fc.string(), fc.array(fc.string())),
      retried: fc.boolean(),
      retryAfterSeconds: fc.nat(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.constantFrom(...(Object.keys(codes) as Code[])), fc.string(), details, (code, message, more) => {
      const record = JSON.parse(JSON.stringify(toRecord(new CantleError(code, message, more))));
      assert.deepEqual(JSON.parse(JSON.stringify(toRecord(fromRecord(record)))), record);
    }),
  );
});

test("whatever the other side sends, the answer is an error of the table that can be told on", () => {
  const record = fc.record(
    {
      code: fc.oneof(fc.constantFrom("INTERNAL", "DECLARED", "constructor", "__proto__"), fc.anything()),
      message: fc.oneof(fc.string(), fc.anything()),
      status: fc.anything(),
      failure: fc.anything(),
      errors: fc.anything(),
      retried: fc.anything(),
      retryAfterSeconds: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), record), (value) => {
      const error = fromRecord(value);
      assert.ok(Object.hasOwn(codes, error.code));
      assert.ok(error.status >= 400 && error.status <= 599);
      for (const messages of Object.values(error.errors ?? {})) assert.equal(typeof messages.join(), "string");
    }),
  );
});

test("what is not a record at all is REPLY_MALFORMED", () => {
  for (const value of [null, 5, [], {}, { code: "NOPE", message: "x" }, { code: "INTERNAL" }])
    assert.equal(fromRecord(value).code, "REPLY_MALFORMED");
});

test("members of a record that are not what they should be are left out", () => {
  const error = fromRecord({ code: "INTERNAL", message: "no", status: 200, errors: { a: 5 }, retryAfterSeconds: -1 });
  assert.deepEqual([error.status, error.errors, error.retryAfterSeconds], [500, undefined, undefined]);
});
