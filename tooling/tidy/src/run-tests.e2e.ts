import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const program = join(import.meta.dirname, "run-tests.ts");

/** Runs the runner over files of its own. */
function runTests(files: Readonly<Record<string, string>>, { patterns = [] as string[], requireEngines = false } = {}) {
  const root = mkdtempSync(join(tmpdir(), "cantle-run-tests-"));
  try {
    for (const [path, text] of Object.entries({ "foundation/.keep": "", ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    // A runner that finds itself inside a test file runs nothing.
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const { status, stdout } = spawnSync(process.execPath, [program, ...patterns], {
      cwd: root,
      encoding: "utf8",
      env: { ...environment, CANTLE_REQUIRE_ENGINES: requireEngines ? "1" : "0" },
    });
    return { status, stdout, last: stdout.trimEnd().split("\n").at(-1) };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const head = `import { describe, test } from "node:test";\n`;
const passing = `${head}test("fine", () => {});\n`;
const failing = `${head}test("broken", () => { throw new Error("this is why"); });\n`;
const lacking = `${head}test("proxied", (t) => t.skip("needs nginx: apt-get install -y nginx"));\n`;

test("leaves are counted, in every ring and plane, and nothing else is run", () => {
  const nested = `${head}
    test("outer", async (t) => { await t.test("one", () => {}); await t.test("two", () => {}); });
    describe("suite", () => { test("three", () => {}); describe("empty", () => {}); });`;
  const { status, last } = runTests({
    "foundation/core/src/a.test.ts": nested,
    "adapters/x/src/a.sim.ts": passing,
    "examples/blog/a.e2e.ts": passing,
    "foundation/core/node_modules/y/a.test.ts": failing,
    "foundation/core/src/plain.ts": failing,
    "elsewhere/a.test.ts": failing,
  });
  assert.deepEqual([status, last], [0, "5 passed, 0 failed"]);
});

test("a failure is told with its path of names, its place and its reason, once", () => {
  const deep = `${head}test("outer", async (t) => { await t.test("inner", () => { throw new Error("this is why"); }); });`;
  const { status, stdout, last } = runTests({ "foundation/a.test.ts": deep, "foundation/b.test.ts": passing });
  assert.deepEqual([status, last], [1, "1 passed, 1 failed"]);
  assert.match(stdout, /✖ outer > inner\n {2}foundation\/a\.test\.ts:2\n {4}Error: this is why/);
  assert.doesNotMatch(stdout, /✖ outer\n/);
});

test("a test around others that fails by itself counts besides them", () => {
  const own = `${head}test("outer", async (t) => { await t.test("inner", () => {}); throw new Error("after"); });`;
  assert.equal(runTests({ "foundation/a.test.ts": own }).last, "1 passed, 1 failed");
});

test("a file that dies while loading, ends early or has no tests is a failure", () => {
  const { status, stdout, last } = runTests({
    "foundation/crash.test.ts": `throw new Error("cannot load");`,
    "foundation/early.test.ts": `${head}test("one", () => {});\ntest("two", () => process.exit(0));\ntest("three", () => {});`,
    "foundation/none.test.ts": "export {};",
    "foundation/syntax.test.ts": "const = 1;",
  });
  // Whether the runner still heard of the first test of `early` before it ended is chance.
  assert.equal(status, 1);
  assert.match(last ?? "", /^[01] passed, 4 failed$/);
  assert.match(stdout, /✖ foundation\/crash\.test\.ts[\s\S]*cannot load/);
  assert.match(stdout, /✖ foundation\/early\.test\.ts[\s\S]*it has no tests, or ended before they were done/);
  assert.match(stdout, /✖ foundation\/none\.test\.ts[\s\S]*it has no tests/);
});

test("a missing engine is told with the command that adds it, and is a failure where engines are required", () => {
  const files = { "foundation/a.test.ts": `${lacking}test("fine", () => {});` };
  const lenient = runTests(files);
  assert.deepEqual([lenient.status, lenient.last], [0, "1 passed, 0 failed, 1 skipped"]);
  assert.match(lenient.stdout, /nginx: 1 tests; to run them: apt-get install -y nginx/);
  const strict = runTests(files, { requireEngines: true });
  assert.deepEqual([strict.status, strict.last], [1, "1 passed, 1 failed"]);
});

test("other skips and todos are counted and named", () => {
  const text = `${passing}test.skip("later", () => {});\ntest.todo("some day");\ntest("not yet", { todo: true }, () => { throw new Error("x"); });`;
  const { status, stdout, last } = runTests({ "foundation/a.test.ts": text }, { requireEngines: true });
  assert.deepEqual([status, last], [0, "1 passed, 0 failed, 3 skipped"]);
  assert.match(stdout, /skipped\n {2}later\n {2}some day\n {2}not yet\n/);
});

test("patterns choose files by a part of their path; nothing chosen is a failure", () => {
  const files = { "foundation/core/a.test.ts": passing, "adapters/x/b.test.ts": failing };
  assert.equal(runTests(files, { patterns: ["core/"] }).last, "1 passed, 0 failed");
  assert.equal(runTests(files, { patterns: ["core/", "b.test"] }).last, "1 passed, 1 failed");
  const none = runTests(files, { patterns: ["nowhere"] });
  assert.deepEqual([none.status, none.last], [1, "0 passed, 0 failed"]);
});
