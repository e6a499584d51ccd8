/**
 * Mistakes that must not compile, each in a file of `mistakes/`: the first line says what the compiler must answer, a comment
 * `here` marks the line it must point at. What it says is part of the product; a user who reads it should know what to do.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type CompileError, compile } from "./compiler.ts";

const folder = fileURLToPath(new URL("./mistakes", import.meta.url));
/** What the mistakes are made with, and what they should have been. */
const right = ["accounts.ts", "correct.ts"];
const mistakes = readdirSync(folder).filter((file) => file.endsWith(".ts") && !right.includes(file));

let errors: readonly CompileError[] = [];
before(async () => {
  ({ errors } = await compile(folder));
});

for (const file of mistakes) {
  const lines = readFileSync(`${folder}/${file}`, "utf8").split("\n");
  const expected =
    /^\/\/ expect: (.+)$/.exec(lines[0] ?? "")?.[1] ?? assert.fail(`${file} does not begin with '// expect: '`);
  const here = lines.findIndex((line) => line.endsWith("// here")) + 1;

  test(`${file.replace(".ts", "").replaceAll("-", " ")}: ${expected}`, () => {
    const found = errors.filter((error) => error.file === file);
    assert.deepEqual(
      found.map(({ line }) => line),
      [here],
      `one error, at line ${here}; got:\n${found.map(({ line, text }) => `${line}: ${text}`).join("\n")}`,
    );
    assert.ok(found[0]?.text.includes(expected), `'${expected}' is not in:\n${found[0]?.text}`);
  });
}

test("without the mistakes it compiles, and nothing else is wrong", () => {
  assert.deepEqual(
    errors.filter(({ file }) => !mistakes.includes(file)),
    [],
  );
});
