import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { functionsOf } from "./functions.ts";
import { importsOf } from "./imports.ts";
import { scan } from "./scan.ts";

test("the code keeps its length and its lines, whatever the text", () => {
  const piece = fc.constantFrom("/", "*", '"', "'", "`", "${", "}", "{", "\\", "\n", "a", " ", "(", ")", "[", "]", "=");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      const { code } = scan(text);
      assert.equal(code.length, text.length);
      assert.deepEqual([...code.matchAll(/\n/g)].length, [...text.matchAll(/\n/g)].length);
      // What is left of the code is the text itself.
      for (const [at, char] of code.split("").entries()) assert.ok(char === " " || char === text[at]);
    }),
  );
});

const hidden: readonly [string, string][] = [
  ["a line comment", "a; // HIDDEN"],
  ["a block comment", "a; /* HIDDEN\nHIDDEN */ b;"],
  ["a comment that looks like a string", "a; // it's HIDDEN\nb;"],
  ["a string with an escaped quote", "const a = 'x\\'HIDDEN';"],
  ["a string with a comment in it", 'const a = "// HIDDEN";'],
  ["a template", "const a = `HIDDEN`;"],
  ["a template in a template", "const a = `${`HIDDEN`} HIDDEN`;"],
  ["a template with an object in its expression", "const a = `${f({ a: 1 })} HIDDEN`;"],
  ["a regular expression", "const a = /HIDDEN[/HIDDEN]\\/HIDDEN/g;"],
  ["a regular expression after return", "return /HIDDEN'/.test(b);"],
  ["a regular expression in a template's expression", "`${/HIDDEN`/.test(b)}`;"],
];

for (const [what, text] of hidden) {
  test(`${what} is blank in the code`, () => assert.doesNotMatch(scan(text).code, /HIDDEN/));
}

const shown: readonly [string, string][] = [
  ["what stands behind a division", "a / SHOWN / b; c = (d) / SHOWN;"],
  ["the expressions of a template", "const a = `x ${SHOWN} y ${`${SHOWN}`} z`;"],
  ["what follows an apostrophe that nothing closes", "<p>don't</p>;\nSHOWN;"],
  ["what follows a comment", "/* ' */ SHOWN; // '\nSHOWN;"],
  ["what follows an index", "a[0] / 2; SHOWN;"],
];

for (const [what, text] of shown) {
  test(`${what} stays in the code`, () => {
    const times = [...text.matchAll(/SHOWN/g)].length;
    assert.equal([...scan(text).code.matchAll(/SHOWN/g)].length, times);
  });
}

test("imports of every form are found, with their line and whether they are types", () => {
  const text = [
    `import a from "a";`,
    `import type { B } from "b";`,
    `import { type C, type D } from "c";`,
    `import { type E, f } from "d";`,
    `import * as g from "e";`,
    `import "f";`,
    `export { h } from "g";`,
    `export type * from "h";`,
    `export * as i from "i";`,
    `const j = await import("j");`,
    `import {`,
    `  k,`,
    `} from 'k';`,
  ].join("\n");
  assert.deepEqual(
    importsOf(scan(text)).map(({ specifier, typeOnly, kind, line }) => [specifier, typeOnly, kind, line]),
    [
      ["a", false, "static", 1],
      ["b", true, "static", 2],
      ["c", true, "static", 3],
      ["d", false, "static", 4],
      ["e", false, "static", 5],
      ["f", false, "static", 6],
      ["g", false, "static", 7],
      ["h", true, "static", 8],
      ["i", false, "static", 9],
      ["j", false, "dynamic", 10],
      ["k", false, "static", 11],
    ],
  );
});

test("what only looks like an import is none", () => {
  const text = [
    "// import a from 'a';",
    "const text = `import b from 'b';`;",
    "const { from } = c; import.meta.url;",
    "export const d = Array.from('d');",
    "interface E { from: string }",
  ].join("\n");
  assert.deepEqual(importsOf(scan(text)), []);
});

test("functions of every form are found, with their length and parameters", () => {
  const text = [
    "export async function one<T extends () => void>(a: T, b = f(1, 2)): Promise<{ x: number }> {",
    "  if (a) {",
    "  }",
    "}",
    "const two = async (a: (x: number, y: number) => void): Promise<void> => {",
    "};",
    "class Three {",
    "  constructor(readonly_: string) {",
    "  }",
    "  four(this: Three, a: string, b: string): a is string {",
    "  }",
    "  get five(): { a: string } {",
    "  }",
    "}",
    "const six = { seven: (a: string) => ({ a }), eight() {",
    "} };",
  ].join("\n");
  assert.deepEqual(
    functionsOf(scan(text).code).map(({ name, line, lines, parameters }) => [name, line, lines, parameters]),
    [
      ["one", 1, 4, 2],
      ["two", 5, 2, 1],
      ["constructor", 8, 2, 1],
      ["four", 10, 2, 2],
      ["five", 12, 2, 0],
      ["eight", 15, 2, 0],
    ],
  );
});

test("calls, conditions and loops are not functions", () => {
  const text =
    "if (a) {\n}\nfor (const b of c) {\n}\nwhile (d) {\n}\nswitch (e) {\n  case f(1): {\n  }\n}\ncatch (g) {\n}\nh(1) ? i(2) : { j: 1 };";
  assert.deepEqual(functionsOf(scan(text).code), []);
});
