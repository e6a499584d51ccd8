/** Every rule is held against a mistake planted for it: a rule that cannot fail protects nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { codes } from "@cantle/core";
import type { Rule } from "./finding.ts";
import { importList, importListIsTrue } from "./import-list.ts";
import { makeRepository } from "./repository.ts";
import { bannedGlobals } from "./rules/banned-globals.ts";
import { documentedExports, namedDebts } from "./rules/comments.ts";
import { noDeadFiles } from "./rules/dead-files.ts";
import { linksResolve, looseFiles } from "./rules/documents.ts";
import { codesAreDocumented, codesAreThrown, factsOf } from "./rules/error-codes.ts";
import { folderLaw, oneOwner, pureFoundation } from "./rules/folder-law.ts";
import { frontDoor } from "./rules/front-door.ts";
import { noLoops } from "./rules/loops.ts";
import { declaredNames, folderNames, kebabFiles, namedExports, unitSuffixes } from "./rules/names.ts";
import { declaredImports, pinnedDependencies, sameManifest, sameReadme } from "./rules/packages.ts";
import { fileWall, functionWall, parameterWall } from "./rules/walls.ts";
import { rules } from "./rules.ts";

type Texts = Readonly<Record<string, string>>;

interface Plant {
  readonly rule: Rule;
  /** What breaks the rule, and where that must be found. */
  readonly bad: Texts;
  readonly places: readonly string[];
  /** What looks like it and is fine. */
  readonly good: Texts;
}

const manifest = (name: string, more: object = {}) =>
  JSON.stringify({ name, exports: { ".": "./src/index.ts" }, ...more });
const packages: Texts = {
  "foundation/core/package.json": manifest("@cantle/core"),
  "foundation/contract/package.json": manifest("@cantle/contract"),
  "data-plane/mesh/package.json": manifest("@cantle/mesh"),
  "data-plane/service/package.json": manifest("@cantle/service"),
  "data-plane/gateway/package.json": manifest("@cantle/gateway"),
  "control-plane/registry/package.json": manifest("@cantle/registry"),
  "adapters/sqlite/package.json": manifest("@cantle/sqlite"),
  "adapters/nats/package.json": manifest("@cantle/nats"),
  "tooling/host/package.json": manifest("@cantle/host"),
  "tooling/cli/package.json": manifest("cantle"),
  "tooling/testing/package.json": manifest("@cantle/testing"),
};
const using = (name: string) => `import { a } from "${name}";\n`;
const with_ = (texts: Texts): Texts => ({ ...packages, ...texts });
const lines = (count: number, line: string) => `${line}\n`.repeat(count);
const complete = {
  version: "1.0.0",
  license: "Apache-2.0",
  type: "module",
  engines: { node: ">=24" },
  files: ["dist"],
  scripts: {
    prepack: "node ../../tooling/tidy/src/pack.ts prepack",
    postpack: "node ../../tooling/tidy/src/pack.ts postpack",
  },
};
const root = JSON.stringify({ name: "root", version: "1.0.0", license: "Apache-2.0" });
const page = (entries: [string, readonly string[]][]) =>
  entries.map(([code, facts]) => `## ${code}\n\n${facts.join("\n")}\n`).join("\n");
const truth = Object.entries(codes).map(([code, facts]): [string, readonly string[]] => [code, factsOf(facts)]);

const plants: readonly Plant[] = [
  {
    rule: folderLaw,
    bad: with_({
      "foundation/core/src/a.ts": using("@cantle/mesh"),
      "data-plane/mesh/src/a.ts": `import type { R } from "@cantle/registry";`,
      "data-plane/mesh/src/b.ts": using("@cantle/service"),
      "data-plane/gateway/src/a.ts": using("@cantle/service"),
      "control-plane/registry/src/a.ts": using("@cantle/host"),
      "control-plane/registry/src/b.ts": using("@cantle/sqlite"),
      "adapters/sqlite/src/a.ts": using("@cantle/nats"),
      "tooling/cli/src/a.ts": `const load = () => import("@cantle/sqlite");`,
      "foundation/core/src/a.test.ts": using("@cantle/sqlite"),
    }),
    places: [
      "foundation/core/src/a.ts:1",
      "data-plane/mesh/src/a.ts:1",
      "data-plane/mesh/src/b.ts:1",
      "data-plane/gateway/src/a.ts:1",
      "control-plane/registry/src/a.ts:1",
      "control-plane/registry/src/b.ts:1",
      "adapters/sqlite/src/a.ts:1",
      "tooling/cli/src/a.ts:1",
      "foundation/core/src/a.test.ts:1",
    ],
    good: with_({
      "data-plane/service/src/a.ts": using("@cantle/mesh") + using("@cantle/core"),
      "data-plane/service/src/a.test.ts": using("@cantle/sqlite") + using("@cantle/testing"),
      "control-plane/registry/src/a.ts": using("@cantle/service"),
      "adapters/sqlite/src/a.ts": using("@cantle/service"),
      "tooling/host/src/a.ts": using("@cantle/sqlite"),
      "examples/blog/a.ts": using("@cantle/testing") + using("@cantle/sqlite"),
    }),
  },
  {
    rule: oneOwner,
    bad: with_({ "adapters/sqlite/src/a.ts": using("@cantle/service") + using("@cantle/mesh") }),
    places: ["adapters/sqlite"],
    good: with_({ "adapters/sqlite/src/a.ts": using("@cantle/service") + using("@cantle/core") }),
  },
  {
    rule: frontDoor,
    bad: with_({
      "foundation/contract/src/a.ts": `export * from "../../core/src/index.ts";`,
      "foundation/contract/src/b.ts": using("@cantle/core/src/index.ts"),
    }),
    places: ["foundation/contract/src/a.ts:1", "foundation/contract/src/b.ts:1"],
    good: with_({ "foundation/contract/src/a.ts": `${using("@cantle/core")}import "./inner/b.ts";` }),
  },
  {
    rule: noLoops,
    bad: with_({
      "foundation/core/src/a.ts": `import type { B } from "./b.ts";`,
      "foundation/core/src/b.ts": `export { c } from "./c.ts";`,
      "foundation/core/src/c.ts": `import "./a.ts";`,
      "foundation/contract/src/a.ts": using("@cantle/core"),
      "foundation/core/src/d.ts": using("@cantle/contract"),
    }),
    places: ["foundation/core/src/a.ts", "foundation/contract"],
    good: with_({
      "foundation/core/src/a.ts": `import "./b.ts"; // import "./a.ts"`,
      "foundation/core/src/b.ts": `const text = 'import "./a.ts"';`,
      "foundation/core/src/a.test.ts": using("@cantle/contract"),
      "foundation/contract/src/a.ts": using("@cantle/core"),
    }),
  },
  {
    rule: pureFoundation,
    bad: with_({ "foundation/core/src/a.ts": `import "node:fs";\n${using("zod")}` }),
    places: ["foundation/core/src/a.ts:1", "foundation/core/src/a.ts:2"],
    good: with_({ "foundation/core/src/a.test.ts": `import "node:test";` }),
  },
  {
    rule: importListIsTrue,
    bad: with_({ "architecture/imports.txt": "old\n" }),
    places: ["architecture/imports.txt:1"],
    good: with_({ "architecture/imports.txt": importList(makeRepository(packages)) }),
  },
  {
    rule: noDeadFiles,
    bad: with_({ "foundation/core/src/index.ts": "", "foundation/core/src/dead.ts": "" }),
    places: ["foundation/core/src/dead.ts"],
    good: {
      "package.json": JSON.stringify({ name: "root", scripts: { x: "exec node tooling/host/src/x.ts" } }),
      ...packages,
      "foundation/core/src/index.ts": `export * from "./a.ts";\nnew Worker(new URL("./worker.ts", import.meta.url));`,
      "foundation/core/src/a.ts": "",
      "foundation/core/src/worker.ts": "",
      "foundation/core/src/b.test.ts": "",
      "tooling/host/src/x.ts": "",
    },
  },
  {
    rule: fileWall,
    bad: {
      "foundation/core/src/a.ts": lines(501, "a;"),
      "foundation/core/src/b.ts": "b;",
      "tooling/tidy/walls.json": JSON.stringify({ files: { "foundation/core/src/b.ts": 600 } }),
    },
    places: ["foundation/core/src/a.ts", "foundation/core/src/b.ts"],
    good: {
      "foundation/core/src/a.ts": lines(500, "a;"),
      "foundation/core/src/b.ts": lines(600, "b;"),
      "tooling/tidy/walls.json": JSON.stringify({ files: { "foundation/core/src/b.ts": 600 } }),
    },
  },
  {
    rule: functionWall,
    bad: { "a.ts": `export function long(): { a: string } {\n${lines(69, "  a();")}}` },
    places: ["a.ts#long"],
    good: {
      "a.ts": `export function short(): void {\n${lines(68, "  a();")}}`,
      "b.test.ts": `describe("many", () => {\n${lines(80, '  test("one", () => {});')}});`,
    },
  },
  {
    rule: parameterWall,
    bad: { "a.ts": "const f = (a: string, b: Map<string, number>, c = { x: 1, y: 2 }, d?: string) => {\n};" },
    places: ["a.ts#f"],
    good: { "a.ts": "const f = (a: string, b: Map<string, number>, c = { x: 1, y: 2 },) => {\n};\ng(1, 2, 3, 4);" },
  },
  {
    rule: bannedGlobals,
    bad: {
      "data-plane/mesh/src/a.ts": [
        "Date.now();",
        "new Date();",
        "performance.now();",
        "globalThis.setTimeout(f, 5);",
        "setInterval(f, 5);",
        "Math.random();",
        "`${process.env.HOME}`;",
        'throw new Error("no");',
        'console.log("x");',
        "AbortSignal.timeout(5);",
        'import { scheduler } from "node:timers/promises";',
        "const text = Date();",
      ].join("\n"),
    },
    places: [2, 12, 1, 3, 4, 5, 10, 6, 7, 9, 8, 11].map((line) => `data-plane/mesh/src/a.ts:${line}`).sort(),
    good: {
      "data-plane/mesh/src/a.ts":
        "// Date.now()\nsocket.setTimeout(0);\nnew Date(clock.wallMs());\nconst s = 'process.env';\nclass D extends Date {}",
      "data-plane/mesh/src/a.test.ts": "Date.now();",
      "data-plane/mesh/src/fixture.ts": "Date.now();",
      "data-plane/mesh/src/fixture.test.ts": 'import "./fixture.ts";',
      "foundation/core/src/clock.ts": "Date.now();",
      "tooling/host/src/a.ts": "process.env;",
    },
  },
  {
    rule: folderNames,
    bad: { "data-plane/mesh/src/utils/a.ts": "", "data-plane/mesh/src/helpers.ts": "" },
    places: ["data-plane/mesh/src/utils/a.ts", "data-plane/mesh/src/helpers.ts"],
    good: { "data-plane/mesh/src/layers/types.ts": "" },
  },
  {
    rule: kebabFiles,
    bad: { "docs/myPage.md": "", "data-plane/mesh/src/Breaker.ts": "", "data-plane/mesh/src/a_b.ts": "" },
    places: ["docs/myPage.md", "data-plane/mesh/src/Breaker.ts", "data-plane/mesh/src/a_b.ts"],
    good: { "README.md": "", "data-plane/mesh/src/retry-budget.test.ts": "", "vite.config.ts": "" },
  },
  {
    rule: declaredNames,
    bad: { "a.ts": "class PoolManager {}\nconst fooImpl = 1;\ninterface IThing {}\nfunction stringUtils() {}" },
    places: ["a.ts:1", "a.ts:2", "a.ts:3", "a.ts:4"],
    good: { "a.ts": "interface Issue {}\ninterface IPv4 {}\nconst implement = 1; // class FooManager" },
  },
  {
    rule: namedExports,
    bad: with_({ "foundation/core/src/a.ts": "export default 1;" }),
    places: ["foundation/core/src/a.ts:1"],
    good: with_({ "examples/blog/package.json": manifest("blog"), "examples/blog/a.ts": "export default 1;" }),
  },
  {
    rule: unitSuffixes,
    bad: { "a.ts": "export interface PoolOptions {\n  readonly timeout?: number;\n  size: number | undefined;\n}" },
    places: ["a.ts:2", "a.ts:3"],
    good: {
      "a.ts":
        "export interface PoolOptions {\n  readonly timeoutMs?: number;\n  readonly queueMax: number;\n  port: number;\n  onRead: (length: number) => void;\n}\nexport interface Point {\n  x: number;\n}",
    },
  },
  {
    rule: codesAreDocumented,
    bad: { "docs/reference/errors.md": `${page(truth.slice(1))}\n## NO_SUCH_CODE\n` },
    places: ["docs/reference/errors.md", "docs/reference/errors.md"],
    good: { "docs/reference/errors.md": page(truth) },
  },
  {
    rule: codesAreThrown,
    bad: {
      "a.ts": Object.keys(codes)
        .slice(1)
        .map((code) => `"${code}";`)
        .join(""),
      "a.test.ts": '"BODY_MALFORMED";',
    },
    places: ["foundation/core/src/code.ts"],
    good: {
      "a.ts": Object.keys(codes)
        .map((code) => `"${code}";`)
        .join(""),
    },
  },
  {
    rule: namedDebts,
    bad: { "a.ts": "// TODO later\n/* FIXME */\n// TODO(polish): no issue" },
    places: ["a.ts:1", "a.ts:2", "a.ts:3"],
    good: { "a.ts": "// TODO(polish): shorter words, #12\nconst TODO = 1;" },
  },
  {
    rule: documentedExports,
    bad: with_({
      "foundation/core/src/index.ts": `export { a, type B as Bee } from "./a.ts";\nexport * from "./b.ts";\nexport const here = 1;`,
      "foundation/core/src/a.ts": "export const a = 1;\n// not a doc\nexport interface B {}\nexport const inner = 2;",
      "foundation/core/src/b.ts": "/** Says. */\nexport const said = 1;\n\nexport function unsaid() {}",
    }),
    places: [
      "foundation/core/src/a.ts:1",
      "foundation/core/src/a.ts:3",
      "foundation/core/src/b.ts:4",
      "foundation/core/src/index.ts:3",
    ],
    good: with_({
      "foundation/core/src/index.ts": `import { inner } from "./a.ts";\nexport { a } from "./a.ts";`,
      "foundation/core/src/a.ts":
        "/** Says http://x.y. */\n// biome-ignore lint: why\nexport const a = 1;\nexport const inner = 2;",
    }),
  },
  {
    rule: sameManifest,
    bad: {
      "package.json": root,
      "foundation/core/package.json": manifest("@cantle/core", { ...complete, version: "1.0.1", scripts: {} }),
    },
    places: ["foundation/core/package.json", "foundation/core/package.json", "foundation/core/package.json"],
    good: { "package.json": root, "foundation/core/package.json": manifest("@cantle/core", complete) },
  },
  {
    rule: pinnedDependencies,
    bad: {
      "foundation/core/package.json": manifest("@cantle/core", {
        version: "1.0.0",
        dependencies: { pino: "^1.0.0", zod: "^4.0.0" },
      }),
      "data-plane/mesh/package.json": manifest("@cantle/mesh", {
        dependencies: { "@cantle/core": "0.9.0", pino: "1.0.0" },
      }),
    },
    places: ["data-plane/mesh/package.json", "foundation/core/package.json", "foundation/core/package.json"],
    good: {
      "foundation/core/package.json": manifest("@cantle/core", { version: "1.0.0", dependencies: { pino: "1.0.0" } }),
      "data-plane/mesh/package.json": manifest("@cantle/mesh", {
        dependencies: { "@cantle/core": "1.0.0", pino: "1.0.0" },
      }),
    },
  },
  {
    rule: declaredImports,
    bad: {
      "package.json": JSON.stringify({ name: "root", devDependencies: { zod: "1" } }),
      "foundation/core/package.json": manifest("@cantle/core", { dependencies: { idle: "1.0.0" } }),
      "foundation/core/src/a.ts": `${using("zod")}import type { B } from "left-pad/deep";`,
    },
    places: ["foundation/core/src/a.ts:1", "foundation/core/src/a.ts:2", "foundation/core/package.json"],
    good: {
      "package.json": JSON.stringify({ name: "root", devDependencies: { zod: "1" } }),
      "foundation/core/package.json": manifest("@cantle/core", {
        dependencies: { used: "1.0.0", spawned: "1.0.0" },
      }),
      "foundation/core/src/b.ts": 'run("spawned/bin.js");',
      "foundation/core/src/a.ts": `${using("used/deep")}import "node:fs";\nimport "fs";\n${using("@cantle/core")}`,
      "foundation/core/src/a.test.ts": using("zod"),
    },
  },
  {
    rule: sameReadme,
    bad: with_({
      "foundation/core/README.md": "# core\n## Use\n",
      ...Object.fromEntries(
        Object.entries(packages)
          .slice(1)
          .map(([path, text]) => [path.replace("package.json", "README.md"), readme(JSON.parse(text).name)]),
      ),
    }),
    places: ["foundation/core/README.md"],
    good: {
      "foundation/core/package.json": manifest("@cantle/core"),
      "foundation/core/README.md": `${readme("@cantle/core")}\n\`\`\`sh\n# not a heading\n\`\`\`\n`,
    },
  },
  {
    rule: looseFiles,
    bad: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`file-${index}.json`, "{}"])),
    places: ["/"],
    good: Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`file-${index}.json`, "{}"]).concat([[".x", ""]]),
    ),
  },
  {
    rule: linksResolve,
    bad: {
      "docs/a.md": "# A\n[gone](b.md)\n[x](../README.md#nothing)\n[y](#none)",
      "README.md": "# Root",
    },
    places: ["docs/a.md:2", "docs/a.md:3", "docs/a.md:4"],
    good: {
      "docs/a.md":
        "# A page: `code`, and more!\n[b](./deep/b.md) [self](#a-page-code-and-more) [web](https://x.y) [folder](deep) `[not](a-link)`\n```\n[not](a-link)\n```",
      "docs/deep/b.md": "[up](../../README.md#root)",
      "README.md": "# Root",
    },
  },
];

function readme(name: string): string {
  return `# ${name}\nText.\n## Use\n## Inside\n## Not here\n`;
}

for (const { rule, bad, places, good } of plants) {
  test(`a breach of "${rule.title}" is found, where it is`, () => {
    const found = rule.check(makeRepository(bad));
    assert.deepEqual(found.map(({ place }) => place).sort(), [...places].sort());
  });
  test(`what keeps "${rule.title}" is left alone`, () => assert.deepEqual(rule.check(makeRepository(good)), []));
}

test("every rule has a planted breach", () => {
  assert.deepEqual(new Set(plants.map(({ rule }) => rule)), new Set(rules));
});

test("every finding has a remedy, and every rule a reason", () => {
  for (const { rule, bad } of plants) {
    assert.ok(rule.reason.length > 10);
    for (const { what, remedy } of rule.check(makeRepository(bad))) assert.ok(what !== "" && remedy !== "");
  }
});
