import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CantleError } from "./error.ts";
import { causes, explainError, plain } from "./explain.ts";

test("an error is told with its code, place, causes and help", () => {
  const error = new CantleError("PORT_BUSY", "the gateway cannot listen on 127.0.0.1:8080", {
    place: "gateway.port",
    notes: "asked twice",
    cause: new Error("listen EADDRINUSE"),
    help: "stop the other program",
  });
  assert.equal(
    explainError(error),
    [
      "error[PORT_BUSY]: the gateway cannot listen on 127.0.0.1:8080",
      "  --> gateway.port",
      "  note: asked twice",
      "  cause: listen EADDRINUSE",
      "  help: stop the other program",
    ].join("\n"),
  );
});

test("what does not fit is told path by path", () => {
  const error = new CantleError("CONFIG_INVALID", "no", { errors: { "a.b": ["is missing", "is odd"] } });
  assert.equal(explainError(error), "error[CONFIG_INVALID]: no\n  a.b: is missing; is odd");
});

test("an ordinary error is told with its causes, and anything else that was thrown as it is", () => {
  assert.equal(explainError(new Error("outer", { cause: new Error("inner") })), "error: outer\n  cause: inner");
  assert.equal(explainError("text"), "error: text");
  assert.equal(explainError(undefined), "error: undefined");
  assert.equal(explainError(Object.create(null)), "error: [object Object]");
});

test("causes are told outermost first, those of several failures before what is below them", () => {
  const several = new AggregateError(
    [new Error("a", { cause: "why a" }), new Error("b")],
    "several parts failed to stop",
  );
  assert.deepEqual(causes(new Error("outer", { cause: several })), ["several parts failed to stop", "a", "why a", "b"]);
});

test("a chain that bites its tail ends", () => {
  const error = new Error("round");
  error.cause = error;
  assert.deepEqual(causes(error), Array(8).fill("round"));
});

test("nothing that came from outside can steer a terminal or begin a line", () => {
  const nasty = fc.string({ unit: fc.constantFrom("\u001b[2J", "\n", "\r", "\u0000", "\u009b31m", "\u007f", "a") });
  fc.assert(
    fc.property(nasty, (text) => {
      const details = { place: text, notes: text, help: text, cause: new Error(text), errors: { [text]: [text] } };
      const lines = explainError(new CantleError("INTERNAL", text, details)).split("\n");
      assert.equal(lines.length, 6);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
  assert.equal(plain("a\nb\u001b"), "a\\x0ab\\x1b");
});
