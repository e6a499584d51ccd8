/** The launcher under a Node.js that is too old for the program. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { listLeftovers } from "@cantle/supervisor";
import { bin, greeter, launch, runToEnd, systemOf, testFolder, until } from "./fixture.ts";
import { canRun } from "./node-version.ts";

const timeout = 60_000;
const files = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };
const oldNode = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "node"))
  .find((node) => existsSync(node) && !canRun(execFileSync(node, ["--version"], { encoding: "utf8" })));

/** The old Node.js; without one the test is left out. */
function needOldNode(t: TestContext): string | undefined {
  if (oldNode === undefined) t.skip("needs a Node.js before 24.11 in the PATH");
  return oldNode;
}

test("an old Node.js hands over to the one that npm brought, with words, output and exit code", {
  timeout,
}, async (t) => {
  const node = needOldNode(t);
  if (node === undefined) return;
  await using folder = await testFolder(files);
  const shown = await runToEnd(["--version"], { cwd: folder.path, node });
  assert.deepEqual([shown.exit, shown.stderr], [0, ""]);
  const refused = await runToEnd(["ps", "--jsn"], { cwd: folder.path, node });
  assert.equal(refused.exit, 2);
  assert.match(refused.stderr, /did you mean --json\?/);
});

test("signals go on to the newer Node.js, and the system drains", { timeout }, async (t) => {
  const node = needOldNode(t);
  if (node === undefined) return;
  await using folder = await testFolder(files);
  await using started = launch(["start", "--port", "0"], { cwd: folder.path, node });
  await started.until(/is ready at/);
  started.child.kill("SIGTERM");
  assert.equal(await started.ended, 0);
  assert.deepEqual(listLeftovers(folder.path), []);
});

test("when the launcher is killed, what it handed over to stops", { timeout }, async (t) => {
  const node = needOldNode(t);
  if (node === undefined) return;
  await using folder = await testFolder(files);
  await using started = launch(["start", "--port", "0", "--ready-file", "ready.json"], { cwd: folder.path, node });
  await started.until(/is ready at/);
  started.child.kill("SIGKILL");
  await until(() => !existsSync(join(folder.path, "ready.json")) && listLeftovers(folder.path).length === 0);
});

test("without a newer Node.js it says what is needed, with exit code 5", { timeout }, async (t) => {
  const node = needOldNode(t);
  if (node === undefined) return;
  await using folder = await testFolder();
  rmSync(join(folder.path, "node_modules"));
  const alone = join(folder.path, "cantle.js");
  copyFileSync(bin, alone);
  const { exit, stdout, stderr } = await runToEnd(["--version"], { cwd: folder.path, node, bin: alone });
  assert.deepEqual([exit, stdout], [5, ""]);
  assert.match(
    stderr,
    /^error\[NODE_TOO_OLD\]: this is Node\.js v\d.*needs \^24\.11 \|\| >=26\n {2}help: install Node\.js 24/,
  );
});
