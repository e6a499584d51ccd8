import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gone, runs, specOf, stage, stageFolder, until } from "../fixtures/stage.ts";

test("units stop tier by tier, each drained before the next begins", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const diarist = (unit: string, more: object) => specOf("diary", { unit, file: folder.file(unit), ...more });
  await staged.supervisor.start([
    diarist("control", {}),
    diarist("articles", { dependsOnReady: ["control"] }),
    diarist("gateway", { dependsOnReady: ["control"], tier: 2 }),
  ]);
  await staged.supervisor.stop();
  const diary = (await readFile(folder.file("diary"), "utf8")).trim().split("\n");
  assert.deepEqual(diary.slice(3), [
    "gateway drains",
    "gateway drained",
    "articles drains",
    "articles drained",
    "control drains",
    "control drained",
  ]);
});

test("an instance that hears neither drain nor SIGTERM is killed when its drain time is over", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [row] = await staged.supervisor.start([specOf("deaf", { drainTimeoutMs: 50 })]);
  await staged.supervisor.stop();
  assert.equal(await runs(row!.pid!), false);
  assert.ok(staged.events.some((event) => event.kind === "killed"));
});

test("a blocked instance is killed too", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [row] = await staged.supervisor.start([specOf("blocked", { drainTimeoutMs: 50 })]);
  await staged.supervisor.stop();
  assert.equal(await runs(row!.pid!), false);
});

test("the children of an instance end with it, when it is stopped and when it crashes", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const file = folder.file("grandchild");
  const [row] = await staged.supervisor.start([specOf("parent", { file })]);
  const first = Number(await readFile(file, "utf8"));
  assert.equal(await runs(first), true);
  process.kill(row!.pid!, "SIGKILL");
  await gone(first);
  await until(
    () => staged.supervisor.list()[0]?.state === "ready" && staged.supervisor.list()[0]?.restarts === 1,
    "the restart",
  );
  const second = Number(await readFile(file, "utf8"));
  assert.notEqual(second, first);
  await staged.supervisor.stop();
  await gone(second);
});

test("stop during start ends what is starting, and start resolves", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const starting = staged.supervisor.start([
    specOf("mute", { unit: "control" }),
    specOf("serve", { dependsOnReady: ["control"] }),
  ]);
  const spawned = await until(() => staged.events.find((event) => event.kind === "spawned"), "a spawn");
  await staged.supervisor.stop();
  const rows = await starting;
  assert.deepEqual(
    rows.map((row) => row.state),
    ["stopped", "stopped"],
  );
  assert.equal(spawned.kind === "spawned" && (await runs(spawned.pid)), false);
});

test("stop during a back-off means no further start", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { backOff: { firstMs: 60_000, maxMs: 60_000, crashLoopMin: 1 } });
  const [row] = await staged.supervisor.start([specOf("crash")]);
  assert.equal(row?.state, "crash-loop");
  await staged.supervisor.stop();
  assert.equal(staged.supervisor.list()[0]?.state, "stopped");
  assert.equal(staged.events.filter((event) => event.kind === "spawned").length, 1);
});

test("kill while draining ends everything at once, and both promises resolve", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [row] = await staged.supervisor.start([specOf("deaf", { drainTimeoutMs: 3_600_000 })]);
  const stopping = staged.supervisor.stop();
  await staged.supervisor.kill();
  await stopping;
  await staged.supervisor.stopped;
  assert.equal(await runs(row!.pid!), false);
});

test("after stop nothing of it is left in the run folder, and another supervisor may have it", async () => {
  await using folder = await stageFolder();
  await using first = await stage(folder.path);
  await assert.rejects(stage(folder.path), { code: "ALREADY_RUNNING" });
  await first.supervisor.stop();
  await using second = await stage(folder.path);
  assert.deepEqual(second.supervisor.list(), []);
});
