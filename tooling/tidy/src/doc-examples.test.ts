import assert from "node:assert/strict";
import { test } from "node:test";
import { complaints, examplesIn } from "./doc-examples.ts";

const document = {
  path: "docs/Guide.md",
  text: [
    "# Guide",
    "```ts",
    "// accounts/contract.ts: what others import",
    "export const a = 1;",
    "```",
    "1. A list:",
    "   ```ts",
    '   import { a } from "./accounts/contract.ts";',
    "   ```",
    "```ts no-check",
    "nonsense",
    "```",
    "```sh",
    "npm test",
    "```",
  ].join("\n"),
};

test("blocks of TypeScript become modules beside each other, others are left alone", () => {
  assert.deepEqual(
    examplesIn(document).map(({ path, line, text }) => [path, line, text.split("\n")[0]]),
    [
      ["docs--guide.md/accounts/contract.ts", 3, "// accounts/contract.ts: what others import"],
      ["docs--guide.md/block-2.ts", 8, 'import { a } from "./accounts/contract.ts";'],
    ],
  );
});

test("complaints are told at the lines of the document", () => {
  const output = "node_modules/.cache/x/docs--guide.md/block-2.ts(1,10): error TS2305: no 'a'\n\nsomething else\n";
  assert.deepEqual(complaints(output, examplesIn(document)), [
    "docs/Guide.md:8: error TS2305: no 'a'",
    "something else",
  ]);
});
