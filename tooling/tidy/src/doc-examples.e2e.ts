/** Every example in a document compiles: what a reader copies works. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { complaints, type Example, examplesIn } from "./doc-examples.ts";
import { readRepository, repositoryRoot } from "./repository.ts";

/** Below the repository's `node_modules`, so that packages are found, and nothing else looks there. */
const cache = join(repositoryRoot, "node_modules/.cache");

function compile(name: string, examples: readonly Example[]): string[] {
  const folder = join(cache, name);
  rmSync(folder, { recursive: true, force: true });
  try {
    for (const { path, text } of examples) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const project = {
      extends: join(repositoryRoot, "tsconfig.base.json"),
      compilerOptions: {
        noEmit: true,
        noUnusedLocals: false,
        typeRoots: [join(repositoryRoot, "node_modules/@types")],
      },
      files: examples.map(({ path }) => path),
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
    const tsc = join(repositoryRoot, "node_modules/typescript/bin/tsc");
    return complaints(spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" }).stdout, examples);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("every ts block of every document type-checks", () => {
  const documents = [...readRepository().files.values()].filter(({ path }) => path.endsWith(".md"));
  const examples = documents.flatMap(examplesIn);
  assert.ok(examples.length > 0);
  assert.deepEqual(compile("cantle-doc-examples", examples), []);
});

test("an example with a mistake is found, at its line", () => {
  const text =
    'Text.\n```ts\nimport { CantleError } from "@cantle/core";\nnew CantleError("NO_SUCH_CODE", "x");\n```\n';
  const found = compile("cantle-doc-examples-mistake", examplesIn({ path: "docs/a.md", text }));
  assert.equal(found.length, 1);
  assert.match(found[0] ?? "", /^docs\/a\.md:4: error .*NO_SUCH_CODE/);
});
