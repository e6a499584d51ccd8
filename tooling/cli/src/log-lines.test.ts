import assert from "node:assert/strict";
import { test } from "node:test";
import { painter } from "./colours.ts";
import { createLineFormat } from "./log-lines.ts";

const lineOf = (instance: string, line: string) => ({ unit: "unit", instance, stream: "stdout", line }) as const;

test("a line stands after the name of its instance, without the number of the first", () => {
  const format = createLineFormat(painter(false));
  assert.equal(format(lineOf("accounts-1", "hello")), "accounts │ hello");
  assert.equal(format(lineOf("web-2", "hello")), "web-2    │ hello");
});

test("colours that an instance wrote are kept where there are colours, and only there", () => {
  const red = "\u001b[31mred\u001b[39m";
  assert.ok(createLineFormat(painter(true))(lineOf("a-1", red)).endsWith(` ${red}`));
  assert.equal(createLineFormat(painter(false))(lineOf("a-1", red)), "a │ red");
});

test("an instance keeps its colour", () => {
  const format = createLineFormat((style, text) => `<${style}>${text}`);
  const [first, second, again] = ["a-1", "b-1", "a-1"].map((instance) => format(lineOf(instance, "")));
  assert.notEqual(first, second?.replace("b", "a"));
  assert.equal(first, again);
});
