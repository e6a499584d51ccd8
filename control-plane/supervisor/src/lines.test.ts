import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLineReader, lineCharsMax, safeLine, safeText } from "./lines.ts";

function linesOf(...chunks: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const reader = createLineReader((line) => void lines.push(line));
  for (const chunk of chunks) reader.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  reader.end();
  return lines;
}

test("lines are put together from pieces, and the last needs no newline", () => {
  assert.deepEqual(linesOf("one\ntw", "o\r\n", "\n", "three"), ["one", "two", "", "three"]);
});

test("a character that arrives in two pieces is one character", () => {
  const bytes = Buffer.from("naïve\n");
  assert.deepEqual(linesOf(bytes.subarray(0, 3), bytes.subarray(3)), ["naïve"]);
});

test("a long line is cut at the limit and says how much is missing", () => {
  const [line = "", next] = linesOf("x".repeat(lineCharsMax), "yy", "y\nnext\n");
  assert.equal(line, `${"x".repeat(lineCharsMax)} … (3 characters cut)`);
  assert.equal(next, "next");
});

test("colours and tabs stay, and colours end with their line", () => {
  assert.equal(safeLine("\u001b[1;31mred\u001b[0m\tplain"), "\u001b[1;31mred\u001b[0m\tplain\u001b[0m");
  assert.equal(safeLine("\u001b[31mred\u001b[0m"), "\u001b[31mred\u001b[0m");
  assert.equal(safeLine("a\tb"), "a\tb");
});

test("whatever else steers a terminal becomes visible", () => {
  assert.equal(safeLine("\u001b[2J\u001b]0;title\u0007\u009b1A\r\b"), "\\x1b[2J\\x1b]0;title\\x07\\x9b1A\\x0d\\x08");
});

test("no text has a control character left but newline, tab and colour", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      const rest = safeText(text).replace(/\u001b\[[0-9;:]*m|[\t\n]/g, "");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      assert.doesNotMatch(rest, /[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});
