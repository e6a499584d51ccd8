/** What is written where, in a folder that looks like the kernel's. That the kernel obeys is tested in `confinement.e2e.ts`. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { stageFolder } from "../../fixtures/stage.ts";
import { type GroupsSetting, openGroups } from "./groups.ts";
import type { Hierarchy } from "./hierarchy.ts";
import type { ProcessLimits, Resource } from "./limits.ts";

const limits: ProcessLimits = { memoryBytesMax: 1024, cpuMax: 0.5 };
const both = new Map<Resource, ProcessLimits>([
  ["memory", limits],
  ["cpu", limits],
]);

function options(hierarchies: readonly Hierarchy[], more: Partial<GroupsSetting> = {}): GroupsSetting {
  const uid = process.getuid?.() ?? 0;
  return { hierarchies, name: "0a", uid, claimed: false, device: undefined, pid: 7, ...more };
}

function textIn(...path: string[]): string | undefined {
  return existsSync(path.join("/")) ? readFileSync(path.join("/"), "utf8") : undefined;
}

test("in version 1 a process is put into a group of each controller", async () => {
  await using folder = await stageFolder();
  const hierarchies = ["memory", "cpu"].map((controller): Hierarchy => {
    mkdirSync(folder.file(controller));
    return { version: 1, controllers: [controller], mount: folder.file(controller), own: "/" };
  });
  const group = openGroups(options(hierarchies)).confine("articles-1.3", both, 42);
  assert.deepEqual([...group.enforced], ["memory", "cpu"]);
  const at = (controller: string) => `${folder.file(controller)}/cantle-0a/articles-1.3`;
  assert.equal(textIn(at("memory"), "memory.limit_in_bytes"), "1024");
  assert.equal(textIn(at("memory"), "memory.memsw.limit_in_bytes"), undefined);
  assert.equal(textIn(at("cpu"), "cpu.cfs_quota_us"), "50000");
  for (const controller of ["memory", "cpu"]) assert.equal(textIn(at(controller), "cgroup.procs"), "42");
  assert.equal(group.ranOutOfMemory(), false);
  writeFileSync(`${at("memory")}/memory.oom_control`, "oom_kill 1\n");
  assert.equal(group.ranOutOfMemory(), true);
});

test("in version 2 there is one group, its parents pass the controllers on, and we make room for that", async () => {
  await using folder = await stageFolder();
  mkdirSync(folder.file("own"));
  writeFileSync(folder.file("own/cgroup.controllers"), "cpu io memory pids\n");
  const hierarchy: Hierarchy = { version: 2, controllers: [], mount: folder.path, own: "/own" };
  const group = openGroups(options([hierarchy], { claimed: true })).confine("articles-1.3", both, 42);
  assert.deepEqual([...group.enforced], ["memory", "cpu"]);
  const at = folder.file("own/cantle-0a/articles-1.3");
  assert.deepEqual(
    ["memory.max", "cpu.max", "cgroup.procs"].map((file) => textIn(at, file)),
    ["1024", "50000 100000", "42"],
  );
  assert.equal(textIn(folder.file("own/cantle-0a/supervisor/cgroup.procs")), "7");
  for (const parent of ["own", "own/cantle-0a"]) {
    assert.match(textIn(folder.file(parent), "cgroup.subtree_control") ?? "", /^\+(memory|cpu)$/);
  }
});

test("a group that is somebody else's is not touched, and that is said", async () => {
  await using folder = await stageFolder();
  mkdirSync(folder.file("theirs"));
  const hierarchy: Hierarchy = { version: 1, controllers: ["memory", "cpu"], mount: folder.path, own: "/theirs" };
  const group = openGroups(options([hierarchy], { uid: 0 })).confine("articles-1.3", both, 42);
  assert.deepEqual([...group.enforced], []);
  assert.match(group.why.get("memory") ?? "", /belongs to somebody else/);
  assert.equal(existsSync(folder.file("theirs/cantle-0a")), false);
});

test("a machine without control groups is said to be one", () => {
  const group = openGroups(options([])).confine("articles-1.3", both, 42);
  assert.deepEqual(
    [...group.why],
    [
      ["memory", "this machine has no control groups for memory"],
      ["cpu", "this machine has no control groups for cpu"],
    ],
  );
});

test("an adopted process is in the group that it was put into, or in none", async () => {
  await using folder = await stageFolder();
  const hierarchy: Hierarchy = { version: 1, controllers: ["memory", "cpu"], mount: folder.path, own: "/" };
  const groups = openGroups(options([hierarchy]));
  groups.confine("articles-1.3", both, 42);
  assert.deepEqual([...groups.confine("articles-1.3", both).enforced], ["memory", "cpu"]);
  assert.deepEqual([...groups.confine("articles-2.1", both).why.values()], Array(2).fill("it was started without"));
});
