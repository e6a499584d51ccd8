import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { specOf, stage, stageFolder, until } from "../fixtures/stage.ts";

test("the last words of an instance that crashes are heard, though they end without a newline", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { backOff: { firstMs: 60_000, maxMs: 60_000, crashLoopMin: 1 } });
  await staged.supervisor.start([specOf("speak-and-crash")]);
  assert.deepEqual(staged.lines, [
    { unit: "articles", instance: "articles-1", stream: "stderr", line: "its last words" },
  ]);
});

test("background instances write into a file, and what they write is told as well", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { mode: "background", logFiles: { pollMs: 5 } });
  await staged.supervisor.start([specOf("speak")]);
  await until(() => staged.lines.length === 2, "the lines");
  assert.deepEqual(
    staged.lines.map(({ stream, line }) => `${stream} ${line}`),
    ["file \u001b[32mgreen\u001b[39m and \\x1b]0;a forged title\\x07\u001b[0m", "file to stderr"],
  );
  assert.match(await readFile(folder.file(".cantle/logs/articles-1.log"), "utf8"), /to stderr\n$/);
});

test("log files are rotated by size, and so many are kept", async () => {
  await using folder = await stageFolder();
  const logFiles = { bytesMax: 200, filesMax: 2, pollMs: 5 };
  await using staged = await stage(folder.path, { mode: "background", logFiles });
  await staged.supervisor.start([specOf("talk")]);
  const logs = folder.file(".cantle/logs");
  await until(async () => (await readdir(logs)).length === 3, "two rotations");
  const before = await readFile(`${logs}/articles-1.log.2`, "utf8");
  assert.match(before, /^(a line of many\n)+/);
  await until(async () => staged.lines.length > 200, "more rotations");
  assert.deepEqual((await readdir(logs)).sort(), ["articles-1.log", "articles-1.log.1", "articles-1.log.2"]);
  assert.ok((await stat(`${logs}/articles-1.log`)).size < 10_000);
});

test("a log that cannot be rotated grows on, and so does its instance", async () => {
  await using folder = await stageFolder();
  const logs = folder.file(".cantle/logs");
  // Nothing can be put in the place of a folder that is not empty.
  await mkdir(`${logs}/articles-1.log.2/full`, { recursive: true });
  await mkdir(`${logs}/articles-1.log.1/full`, { recursive: true });
  const logFiles = { bytesMax: 200, filesMax: 2, pollMs: 5 };
  await using staged = await stage(folder.path, { mode: "background", logFiles });
  await staged.supervisor.start([specOf("talk")]);
  await until(() => staged.lines.length > 200, "lines after the size was reached");
  assert.equal(staged.supervisor.list()[0]?.restarts, 0);
});
