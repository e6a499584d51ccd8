/** New releases in place of old ones, with real processes: in what order, by which shares, and what is left when it goes wrong. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { gone, runs, type Stage, specOf, stage, stageApart, stageFolder, until } from "../../fixtures/stage.ts";
import { connectSupervisor } from "../control-client.ts";
import type { ProcessSpec } from "../spec.ts";

/** A unit of two, whose next release behaves as said. */
const two = (behaviour: string, file = ""): ProcessSpec[] =>
  ["articles-1", "articles-2"].map((instance) => specOf(behaviour, { instance, file, release: "a", overlap: true }));
const renewAs = (behaviour: string, file = "") => ({
  renew: (spec: ProcessSpec): ProcessSpec => ({
    ...specOf(behaviour, { file }),
    instance: spec.instance,
    release: "b",
  }),
});
/** A canary that waits until it is told what to do. */
const waiting = { strategy: "canary", steps: [25], stepMs: 600_000 } as const;

function pids({ supervisor }: Stage): (number | null)[] {
  return supervisor.list().map(({ pid }) => pid);
}

async function over(staged: Stage): Promise<string | null | undefined> {
  await until(() => staged.supervisor.rollouts.list()[0]?.outcome, "the end of the rollout");
  return staged.supervisor.rollouts.list()[0]?.outcome;
}

test("a rolling update starts each new instance before it takes an old one's place, and old ones stay until all is well", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, renewAs("serve"));
  const before = await staged.supervisor.start(two("serve"));
  const told = staged.events.length;
  const begun = staged.supervisor.rollouts.start("articles", {});
  assert.deepEqual([begun.strategy, begun.stage, begun.old.name, begun.new.name], ["rolling", "replacing", "a", "b"]);
  assert.equal(await over(staged), "released");
  await until(() => staged.supervisor.list().length === 2, "the end of the old ones");
  const story = staged.events
    .slice(told)
    .filter(({ kind }) => ["ready", "draining", "spawned"].includes(kind))
    .map(({ instance, kind }) => `${instance} ${kind}`);
  assert.deepEqual(story.slice(0, 4), [
    "articles-3 spawned",
    "articles-3 ready",
    "articles-4 spawned",
    "articles-4 ready",
  ]);
  assert.deepEqual(story.slice(4).sort(), ["articles-1 draining", "articles-2 draining"]);
  for (const { pid } of before) assert.equal(await runs(pid!), false);
});

for (const [what, behaviour, why] of [
  ["crashes at its start", "crash", /^articles-3 failed: error\[INSTANCE_CRASHED\]: /],
  ["says that it cannot run", "broken", /^articles-3 failed: error\[SERVICE_BROKEN\]: /],
] as const)
  test(`a release that ${what} is rolled back, and the old one was never away`, async () => {
    await using folder = await stageFolder();
    await using staged = await stage(folder.path, renewAs(behaviour));
    await staged.supervisor.start(two("serve"));
    const before = pids(staged);
    staged.supervisor.rollouts.start("articles", {});
    assert.equal(await over(staged), "rolled-back");
    await until(() => staged.supervisor.list().length === 2, "the end of the new one");
    assert.deepEqual(pids(staged), before);
    assert.match(
      staged.supervisor.rollouts.list()[0]?.reason ?? "",
      /articles-3 failed; 0 of 2 new instances are ready/,
    );
    assert.ok(staged.supervisor.list().every(({ state }) => state === "ready"));
    assert.ok(staged.supervisor.rollouts.list()[0]?.notes.some(({ text }) => why.test(text)));
  });

test("one crash of a new instance is forgiven, a second one is a pattern", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, renewAs("serve"));
  await staged.supervisor.start(two("serve"));
  staged.supervisor.rollouts.start("articles", waiting);
  const canary = () =>
    staged.supervisor.list().find(({ instance, state }) => instance === "articles-3" && state === "ready");
  const first = await until(() => canary()?.pid, "the canary");
  process.kill(first, "SIGKILL");
  const second = await until(() => [canary()?.pid].find((pid) => pid != null && pid !== first), "the canary again");
  assert.equal(staged.supervisor.rollouts.list()[0]?.outcome, null);
  process.kill(second, "SIGKILL");
  assert.equal(await over(staged), "rolled-back");
});

test("instances are told the share of their release: at first none, then that of the step, and none any more at the end", async () => {
  await using folder = await stageFolder();
  const file = folder.file("shares");
  await using staged = await stage(folder.path, renewAs("shares", file));
  await staged.supervisor.start(two("shares", file));
  const client = await connectSupervisor(folder.path);
  await client.startRollout("articles", waiting);
  const lines = async () => (await readFile(file, "utf8")).trim().split("\n");
  const lastOf = async (name: string) =>
    (await lines())
      .findLast((line) => line.startsWith(`${name} `))
      ?.split(" ")
      .at(-1);
  const isTold = (wanted: Record<string, string>) => async () => {
    const told = await Promise.all(Object.keys(wanted).map(lastOf));
    return isDeepStrictEqual(told, Object.values(wanted));
  };
  await until(isTold({ "articles-1": "0.75", "articles-2": "0.75", "articles-3": "0.25" }), "the shares of the step");
  assert.deepEqual(
    (await lines()).find((line) => line.startsWith("articles-3")),
    "articles-3 b 0",
  );
  const [row] = await client.rollouts();
  assert.deepEqual([row?.stage, row?.old.share, row?.new.share], ["weighing", 0.75, 0.25]);
  await client.steerRollout("articles", "abort");
  assert.equal(await over(staged), "rolled-back");
  await until(isTold({ "articles-1": "null", "articles-2": "null" }), "the end of all shares");
});

test("a promoted canary takes the place of the old release at once", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, renewAs("serve"));
  await staged.supervisor.start(two("serve"));
  staged.supervisor.rollouts.start("articles", waiting);
  await until(() => staged.supervisor.rollouts.list()[0]?.stage === "weighing", "the canary");
  staged.supervisor.rollouts.promote("articles");
  assert.equal(await over(staged), "released");
  await until(() => staged.supervisor.list().length === 2, "the end of the old ones");
  assert.deepEqual(
    staged.supervisor.list().map(({ instance }) => instance),
    ["articles-3", "articles-4"],
  );
});

test("nothing else changes a unit in a rollout, and a stop ends it with all of its processes", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, renewAs("serve"));
  await staged.supervisor.start([...two("serve"), specOf("serve", { unit: "alone", overlap: false })]);
  const client = await connectSupervisor(folder.path);
  await assert.rejects(client.startRollout("alone"), { code: "PLACEMENT_IMPOSSIBLE" });
  await assert.rejects(client.startRollout("ghosts"), { code: "NOT_RUNNING" });
  await assert.rejects(client.startRollout("articles", { strategy: "hope" as never }), { code: "USAGE" });
  await assert.rejects(client.steerRollout("articles", "abort"), { code: "NOT_RUNNING" });
  await client.startRollout("articles", { strategy: "blue-green", keepMs: 600_000 });
  for (const change of [
    client.startRollout("articles"),
    client.scale("articles", 3),
    client.restart("articles", { overlap: true }),
  ])
    await assert.rejects(change, { code: "ROLLOUT_UNDER_WAY" });
  await until(() => staged.supervisor.rollouts.list()[0]?.stage === "keeping", "the switch");
  const all = pids(staged);
  assert.equal(all.length, 5);
  await staged.supervisor.stop();
  for (const pid of all) assert.equal(await runs(pid!), false);
});

test("a rollout that its supervisor did not finish is taken back by the next one: the old processes go on", async () => {
  await using folder = await stageFolder();
  const specs = two("serve");
  await using apart = await stageApart(folder.path, "background", specs);
  const client = await connectSupervisor(folder.path);
  await client.startRollout("articles", waiting);
  await until(async () => (await client.rollouts())[0]?.stage === "weighing", "the canary");
  const canary = (await client.state()).instances.find(({ instance }) => instance === "articles-3")!.pid!;
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  // What is on the disk is another program by now; it must not get in by the back door.
  await using staged = await stage(folder.path, { mode: "background" });
  const rows = await staged.supervisor.start(specs.map((spec) => ({ ...spec, revision: "edited" })));
  assert.deepEqual(
    rows.map(({ pid }) => pid),
    apart.rows.map(({ pid }) => pid),
  );
  await gone(canary);
  const [row] = staged.supervisor.rollouts.list();
  assert.equal(row?.outcome, "rolled-back");
  assert.match(row?.reason ?? "", /the supervisor ended while it was under way, at 25 % of the calls/);
});
