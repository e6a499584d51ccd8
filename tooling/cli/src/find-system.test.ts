import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { findSystem } from "./find-system.ts";
import { testFolder } from "./fixture.ts";

test("the system is the first of the usual names, or what is named, file or folder", async () => {
  await using folder = await testFolder({
    "a/system.js": "",
    "a/system.mjs": "",
    "b/src/system.ts": "",
    "c/other.ts": "",
  });
  const find = (from: string, named?: string) => findSystem({ cwd: join(folder.path, from), env: {} }, named);
  const at = (path: string) => ({ file: join(folder.path, path), folder: join(folder.path, path, "..") });
  assert.deepEqual(find("a"), { ...at("a/system.js"), home: join(folder.path, "a") });
  assert.deepEqual(find("b"), { ...at("b/src/system.ts"), home: join(folder.path, "b/src") });
  assert.deepEqual(find(".", "a"), find("a"));
  assert.deepEqual(find("a", "../c/other.ts").file, join(folder.path, "c/other.ts"));
});

test("state is where CANTLE_HOME says, relative to where the command was called", async () => {
  await using folder = await testFolder({ "a/system.ts": "" });
  const homeOf = (home: string) => findSystem({ cwd: folder.path, env: { CANTLE_HOME: home } }, "a").home;
  assert.equal(homeOf("state"), join(folder.path, "state"));
  assert.equal(homeOf("/var/lib/blog"), "/var/lib/blog");
  assert.equal(homeOf(""), join(folder.path, "a"));
});

test("a folder without a system and a name without a file are mistakes in usage", async () => {
  await using folder = await testFolder();
  const find = (named?: string) => () => findSystem({ cwd: folder.path, env: {} }, named);
  assert.throws(find(), { code: "USAGE", message: "there is no system in this folder" });
  assert.throws(find("nowhere.ts"), { code: "USAGE", place: join(folder.path, "nowhere.ts") });
});

test("where systems are further below, the help names them", async () => {
  await using folder = await testFolder({
    "examples/b/system.ts": "",
    "examples/a/src/system.ts": "",
    "examples/a/b/c/system.ts": "",
    "node_modules/x/system.ts": "",
    ".cantle/x/system.ts": "",
  });
  const find = () => findSystem({ cwd: folder.path, env: {} });
  assert.throws(find, { code: "USAGE", help: "name one with --system: examples/a, examples/b" });
});
