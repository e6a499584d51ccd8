/** Units that grow and shrink, with real processes: by their load, by hand, and over the death of a supervisor. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { gone, runs, type Stage, specOf, stage, stageApart, stageFolder, until } from "../../fixtures/stage.ts";
import { connectSupervisor } from "../control-client.ts";
import { scalingPolicy } from "./policy.ts";

const pauses = { upCooldownMs: 0, downStabilisationMs: 500, downCooldownMs: 0 };
const policy = scalingPolicy({ min: 1, max: 3, target: { inFlight: 2 }, ...pauses });

/** The instances that are ready, by name. */
function ready({ supervisor }: Stage): string[] {
  return supervisor.list().flatMap(({ instance, state }) => (state === "ready" ? [instance] : []));
}

test("a unit grows with its load and shrinks after it, the newest first, and says why", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { scaling: { articles: policy } });
  // Each instance says that it has as many calls in flight as the file says.
  const file = folder.file("in-flight");
  await staged.supervisor.start([specOf("loaded", { file, overlap: true })]);
  await writeFile(file, "6");
  await until(() => ready(staged).length === 3, "three instances");
  await writeFile(file, "0");
  await until(() => staged.supervisor.list().length === 1, "one instance");
  assert.deepEqual(ready(staged), ["articles-1"]);
  const [row] = staged.supervisor.scaling.list();
  assert.deepEqual([row?.mode, row?.min, row?.max, row?.wantedCount], ["auto", 1, 3, 1]);
  const changes = row?.changes ?? [];
  assert.deepEqual(
    changes.map(({ by }) => by),
    changes.map(() => "scaler"),
  );
  assert.match(changes[0]?.reason ?? "", /1 → 3: inFlight 6 in all at 2 each \(1 of 1 measured\)/);
  assert.deepEqual(
    staged.decisions.map(({ kind, unit }) => `${unit} ${kind}`),
    changes.map(() => "articles scaled"),
  );
});

test("a count that somebody chose stays, until the load decides again", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { scaling: { articles: policy } });
  await staged.supervisor.start([specOf("serve", { overlap: true })]);
  const client = await connectSupervisor(folder.path);
  const fixed = await client.scale("articles", 4);
  assert.deepEqual([fixed.mode, fixed.wantedCount], ["fixed", 4]);
  await until(() => ready(staged).length === 4, "four instances");
  const auto = await client.scale("articles", "auto");
  assert.equal(auto.mode, "auto");
  await until(() => staged.supervisor.list().length < 4, "fewer, as four are more than its maximum");
  const [row] = await client.scaling();
  assert.deepEqual(row?.changes[0], {
    at: row?.changes[0]?.at,
    from: 1,
    to: 4,
    by: "operator",
    reason: "fixed by an operator",
  });
});

test("a unit without a policy can be scaled by hand only", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([
    specOf("serve", { overlap: true }),
    specOf("serve", { unit: "alone", overlap: false }),
  ]);
  const client = await connectSupervisor(folder.path);
  assert.equal((await client.scale("articles", 2)).mode, "fixed");
  await assert.rejects(client.scale("articles", "auto"), { code: "USAGE" });
  await assert.rejects(client.scale("articles", 0), { code: "USAGE" });
  await assert.rejects(client.scale("articles", 513), { code: "USAGE" });
  await assert.rejects(client.scale("ghosts", 2), { code: "NOT_RUNNING" });
  await assert.rejects(client.scale("alone", 2), { code: "PLACEMENT_IMPOSSIBLE" });
});

test("an instance that leaves does not hold up the next change, and stop leaves no process", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  // The second does not heed its drain.
  const specs = [
    specOf("serve", { overlap: true }),
    specOf("deaf", { instance: "articles-2", drainTimeoutMs: 60_000 }),
  ];
  const rows = await staged.supervisor.start(specs);
  await staged.supervisor.scale("articles", 1);
  assert.equal(staged.supervisor.list().at(-1)?.state, "draining");
  await staged.supervisor.scale("articles", 3);
  await until(() => ready(staged).length === 3, "three beside the one that drains");
  assert.deepEqual(ready(staged).sort(), ["articles-1", "articles-3", "articles-4"]);
  const pids = [...rows, ...staged.supervisor.list()].flatMap(({ pid }) => pid ?? []);
  await staged.supervisor.kill();
  for (const pid of pids) assert.equal(await runs(pid), false);
});

test("the next supervisor finds as many instances as the killed one had, and goes on from there", async () => {
  await using folder = await stageFolder();
  const background = { mode: "background", scaling: { articles: policy } } as const;
  const spec = specOf("serve", { overlap: true });
  await using apart = await stageApart(folder.path, "background", [spec]);
  const client = await connectSupervisor(folder.path);
  await client.scale("articles", 3);
  await until(async () => (await client.state()).instances.every(({ state }) => state === "ready"), "three instances");
  const before = (await client.state()).instances.map(({ pid }) => pid);
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  await using staged = await stage(folder.path, background);
  const rows = await staged.supervisor.start([spec]);
  assert.deepEqual(
    rows.map(({ pid }) => pid),
    before,
  );
  const [row] = staged.supervisor.scaling.list();
  assert.deepEqual([row?.mode, row?.wantedCount, row?.changes.length], ["fixed", 3, 1]);
});
