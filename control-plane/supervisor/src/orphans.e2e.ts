/** However a supervisor ends: attached instances end with it, background ones are found again. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import { gone, runs, specOf, stage, stageApart, stageFolder, until } from "../fixtures/stage.ts";
import { connectSupervisor } from "./control-client.ts";
import { listLeftovers, stopLeftovers } from "./leftovers.ts";
import { readState, writeState } from "./state-file.ts";

test("kill -9 of the supervisor ends its attached instances: mannerly, deaf, blocked, stopped, and their children", async () => {
  await using folder = await stageFolder();
  const file = folder.file("grandchild");
  const behaviours = ["serve", "deaf", "blocked", "parent"];
  const specs = behaviours.map((unit) => specOf(unit, { unit, file }));
  await using apart = await stageApart(folder.path, "attached", specs);
  const pids = [...apart.rows.map((row) => row.pid!), Number(await readFile(file, "utf8"))];
  for (const pid of pids) assert.equal(await runs(pid), true);
  process.kill(apart.rows[0]!.pid!, "SIGSTOP");
  apart.process.kill("SIGKILL");
  await Promise.all(pids.map(gone));
});

test("kill -9 of the supervisor and its warden still ends instances that are not blocked", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "attached", [specOf("serve")]);
  const wardens = await childrenOf(apart.process.pid!, "cantle-warden");
  assert.equal(wardens.length, 1);
  apart.process.kill("SIGSTOP");
  process.kill(wardens[0]!, "SIGKILL");
  apart.process.kill("SIGKILL");
  await gone(apart.rows[0]!.pid!);
});

test("a warden that is killed is replaced, and the next one knows the instances", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "attached", [specOf("blocked")]);
  const supervisor = apart.process.pid!;
  const [first] = await childrenOf(supervisor, "cantle-warden");
  process.kill(first!, "SIGKILL");
  await until(
    async () => (await childrenOf(supervisor, "cantle-warden")).some((pid) => pid !== first),
    "the next warden",
  );
  // A warden can be seen a moment before it has been told whom to mind; a supervisor that answers has told it.
  await (await connectSupervisor(folder.path)).state();
  apart.process.kill("SIGKILL");
  await gone(apart.rows[0]!.pid!);
});

test("Ctrl-C drains the instances and ends the supervisor and its warden", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "attached", [specOf("serve")]);
  const wardens = await childrenOf(apart.process.pid!, "cantle-warden");
  apart.process.kill("SIGINT");
  await until(() => apart.process.exitCode !== null, "the supervisor's end");
  assert.equal(apart.process.exitCode, 0);
  assert.equal(await runs(apart.rows[0]!.pid!), false);
  await gone(wardens[0]!);
});

test("background instances outlive their supervisor; the next one ends them before it starts its own", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "background", [
    specOf("serve"),
    specOf("deaf", { unit: "deaf", drainTimeoutMs: 50 }),
  ]);
  const pids = apart.rows.map((row) => row.pid!);
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  assert.deepEqual(
    listLeftovers(folder.path).map(({ unit, pid, addresses }) => ({ unit, pid, addresses })),
    apart.rows.map(({ unit, pid, addresses }) => ({ unit, pid, addresses })),
  );
  for (const pid of pids) assert.equal(await runs(pid), true);
  await using staged = await stage(folder.path);
  for (const pid of pids) assert.equal(await runs(pid), false);
  assert.deepEqual(
    staged.events.map((event) => event.kind === "leftover-stopped" && event.pid).sort(),
    [...pids].sort(),
  );
});

test("leftovers can be stopped without starting anything", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "background", [specOf("serve")]);
  const time = { clock: systemClock, random: systemRandom() };
  await assert.rejects(stopLeftovers(folder.path, time), { code: "ALREADY_RUNNING" });
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  const stopped = await stopLeftovers(folder.path, time);
  assert.deepEqual(
    stopped.map((record) => record.pid),
    apart.rows.map((row) => row.pid),
  );
  assert.equal(await runs(apart.rows[0]!.pid!), false);
  assert.deepEqual(listLeftovers(folder.path), []);
});

test("a process that has the number of a leftover by now is not touched", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "background", [specOf("serve")]);
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  const path = folder.file(".cantle/run/state.json");
  const state = readState(path)!;
  const bystander = spawn("sleep", ["3600"], { detached: true, stdio: "ignore" });
  try {
    const processes = state.processes.map((record) => ({ ...record, pid: bystander.pid! }));
    writeState(path, { ...state, processes });
    assert.deepEqual(listLeftovers(folder.path), []);
    await using _ = await stage(folder.path);
    assert.equal(await runs(bystander.pid!), true);
  } finally {
    bystander.kill("SIGKILL");
  }
});

test("a supervisor refuses a folder that a living one owns, in another process too", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "attached", [specOf("serve")]);
  await assert.rejects(stage(folder.path), {
    code: "ALREADY_RUNNING",
    message: `the system already runs from this folder, as process ${apart.process.pid}`,
  });
  assert.equal(await runs(apart.rows[0]!.pid!), true);
});

test("what it keeps is for its owner only", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { mode: "background" });
  await staged.supervisor.start([specOf("speak")]);
  const modes = [
    ".cantle/run",
    ".cantle/logs",
    ".cantle/run/state.json",
    ".cantle/run/supervisor.sock",
    ".cantle/logs/articles-1.log",
  ];
  const seen = await Promise.all(modes.map(async (name) => ((await stat(folder.file(name))).mode & 0o777).toString(8)));
  assert.deepEqual(seen, ["700", "700", "600", "600", "600"]);
});

async function childrenOf(pid: number, name: string): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  const named = await Promise.all(
    children.map(async (child) =>
      (await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "")).includes(name) ? [child] : [],
    ),
  );
  return named.flat();
}
