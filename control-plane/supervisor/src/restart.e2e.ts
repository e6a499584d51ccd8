import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { runs, specOf, stage, stageFolder, until } from "../fixtures/stage.ts";

test("a single instance is stopped before it is started again", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [before] = await staged.supervisor.start([specOf("serve")]);
  const [after] = await staged.supervisor.restart("articles");
  assert.equal(after?.state, "ready");
  assert.notEqual(after?.pid, before?.pid);
  assert.deepEqual(kinds(staged.events), ["spawned", "ready", "draining", "ended", "spawned", "ready"]);
});

test("of several instances each new one is ready before the old one drains, one after the other", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const specs = ["articles-1", "articles-2"].map((instance) => specOf("serve", { instance }));
  await staged.supervisor.start(specs);
  const before = staged.events.length;
  await staged.supervisor.restart("articles");
  const told = staged.events.slice(before).map((event) => `${event.instance} ${event.kind}`);
  assert.deepEqual(
    told,
    ["articles-1", "articles-2"].flatMap((name) => [
      `${name} spawned`,
      `${name} ready`,
      `${name} draining`,
      `${name} ended`,
    ]),
  );
});

test("a new process that does not get ready leaves the old one in its place", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const file = folder.file("crashed");
  await writeFile(file, "");
  const [before] = await staged.supervisor.start([specOf("crash-once", { file })]);
  await rm(file);
  await assert.rejects(staged.supervisor.restart("articles", { overlap: true }), {
    code: "INSTANCE_CRASHED",
    message: /the one before it goes on/,
  });
  const [after] = staged.supervisor.list();
  assert.equal(after?.pid, before?.pid);
  assert.equal(after?.state, "ready");
  assert.ok(existsSync(file));
});

test("replace restarts what changed, starts what is new, stops what is gone and leaves the rest alone", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const specs = ["same", "changed", "gone"].map((unit) => specOf("serve", { unit, handover: () => unit }));
  const before = pidsOf(await staged.supervisor.start(specs));
  const after = pidsOf(
    await staged.supervisor.replace([
      specOf("serve", { unit: "same", handover: () => "another function, the same revision" }),
      specOf("serve", { unit: "changed", revision: "2" }),
      specOf("serve", { unit: "new" }),
    ]),
  );
  assert.deepEqual([...after.keys()].sort(), ["changed", "new", "same"]);
  assert.equal(after.get("same"), before.get("same"));
  assert.notEqual(after.get("changed"), before.get("changed"));
  assert.equal(await runs(before.get("gone")!), false);
});

test("two restarts at once take turns", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("serve")]);
  await Promise.all([staged.supervisor.restart("articles"), staged.supervisor.restart("articles")]);
  const [row] = staged.supervisor.list();
  assert.equal(row?.restarts, 2);
  assert.equal(row?.state, "ready");
});

test("stop wins over a restart that is under way", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  // The second does not heed its drain, so that the restart is still under way whenever the stop comes.
  const deaf = specOf("deaf", { instance: "articles-2", drainTimeoutMs: 1_500 });
  await staged.supervisor.start([specOf("serve"), deaf]);
  const restarting = staged.supervisor.restart("articles");
  await until(() => kinds(staged.events).includes("draining"), "the drain of the first");
  await Promise.all([staged.supervisor.stop(), assert.rejects(restarting, { code: "NOT_RUNNING" })]);
  assert.deepEqual(
    staged.supervisor.list().map((row) => row.state),
    ["stopped", "stopped"],
  );
  for (const event of staged.events) if (event.kind === "spawned") assert.equal(await runs(event.pid), false);
});

test("stop wins over a replacement that is under way", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("serve", { unit: "gone" }), specOf("serve", { unit: "changed" })]);
  // The new one never says that it is ready, so that the replacement is still under way whenever the stop comes.
  const replacing = staged.supervisor.replace([specOf("mute", { unit: "changed", revision: "2" }), specOf("serve")]);
  const [refused] = await Promise.allSettled([
    replacing,
    until(() => kinds(staged.events).includes("draining"), "the drain").then(() => staged.supervisor.stop()),
  ]);
  assert.equal(refused.status, "rejected");
  for (const event of staged.events) if (event.kind === "spawned") assert.equal(await runs(event.pid), false);
});

test("a unit that does not run cannot be restarted", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("serve")]);
  await assert.rejects(staged.supervisor.restart("ghosts"), {
    code: "NOT_RUNNING",
    message: "no unit 'ghosts' runs here; there is articles",
  });
});

function kinds(events: readonly { readonly kind: string }[]): string[] {
  return events.map((event) => event.kind);
}

function pidsOf(rows: readonly { readonly unit: string; readonly pid: number | null }[]): Map<string, number | null> {
  return new Map(rows.map((row) => [row.unit, row.pid]));
}

test("when what runs cannot be written down any more, it goes on, is started again, and is written down later", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { mode: "background", backOff: { firstMs: 1, maxMs: 1 } });
  const [before] = await staged.supervisor.start([specOf("serve")]);
  await rename(folder.file(".cantle/run"), folder.file(".cantle/away"));
  process.kill(before!.pid!, "SIGKILL");
  await until(() => staged.supervisor.list()[0]?.restarts === 1 && staged.keeping.length > 0, "the next process");
  await rename(folder.file(".cantle/away"), folder.file(".cantle/run"));
  await until(() => staged.keeping.length > 1, "the record");
  assert.deepEqual(
    staged.keeping.map(({ kind }) => kind),
    ["unwritten", "written"],
  );
  await until(() => staged.supervisor.list()[0]?.state === "ready", "the next process");
  const { processes } = JSON.parse(await readFile(folder.file(".cantle/run/state.json"), "utf8"));
  assert.deepEqual(
    processes.map(({ pid }: { pid: number }) => pid),
    [staged.supervisor.list()[0]?.pid],
  );
});

test("an instance that was ready is started again whatever its exit code says: it had started with this configuration", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { backOff: { firstMs: 1, maxMs: 1 } });
  await staged.supervisor.start([specOf("serve-and-exit", { file: folder.file("ended") })]);
  const row = await until(() => {
    const [first] = staged.supervisor.list();
    return first?.restarts === 1 && first.state === "ready" ? first : undefined;
  }, "the next process");
  assert.equal(row.lastError?.code, "INSTANCE_CRASHED");
});
