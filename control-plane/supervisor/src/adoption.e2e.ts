/** Instances in the background, their supervisor killed, and the next one. */
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { test } from "node:test";
import { gone, runs, type Stage, specOf, stage, stageApart, stageFolder, until } from "../fixtures/stage.ts";
import { connectSupervisor } from "./control-client.ts";
import { listLeftovers } from "./leftovers.ts";
import { identify } from "./process-identity.ts";
import type { ProcessSpec } from "./spec.ts";
import { readState } from "./state-file.ts";

const background = { mode: "background" } as const;

/** Starts these in the background, kills their supervisor, and answers with what runs on. */
async function orphaned(folder: string, specs: readonly ProcessSpec[]) {
  const apart = await stageApart(folder, "background", specs);
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  return { ...apart, pids: apart.rows.map((row) => row.pid!) };
}

function pidOf({ supervisor }: Stage, unit: string): number | null | undefined {
  return supervisor.list().find((row) => row.unit === unit)?.pid;
}

function told({ events }: Stage): string[] {
  return events.map(({ instance, kind }) => `${instance} ${kind}`).sort();
}

test("the next supervisor takes over what the killed one left, and it is as if it had started them", async () => {
  await using folder = await stageFolder();
  const specs = ["a", "b"].map((unit) => specOf("serve", { unit }));
  await using left = await orphaned(folder.path, specs);
  await using staged = await stage(folder.path, background);
  const rows = await staged.supervisor.start(specs);
  assert.deepEqual(
    rows.map(({ pid, state, restarts, addresses, startedAt }) => ({ pid, state, restarts, addresses, startedAt })),
    left.rows.map(({ pid, addresses, startedAt }) => ({ pid, state: "ready", restarts: 0, addresses, startedAt })),
  );
  assert.deepEqual(told(staged), ["a-1 adopted", "b-1 adopted"]);
  await until(() => staged.supervisor.list().every((row) => row.load !== null), "their load");
  const client = await connectSupervisor(folder.path);
  assert.deepEqual(
    (await client.state()).instances.map(({ pid }) => pid),
    left.pids,
  );
  await client.restart("a", { overlap: true });
  const [a, b] = staged.supervisor.list();
  assert.notEqual(a?.pid, left.pids[0]);
  assert.deepEqual([a?.state, a?.restarts, b?.pid], ["ready", 1, left.pids[1]]);
  await gone(left.pids[0]!);
  await client.stop();
  await staged.supervisor.stopped;
  for (const pid of [...left.pids, a!.pid!]) assert.equal(await runs(pid), false);
  assert.deepEqual(listLeftovers(folder.path), []);
});

test("an adopted instance drains when it is asked to", async () => {
  await using folder = await stageFolder();
  const specs = [specOf("diary", { file: folder.file("a") })];
  await using _ = await orphaned(folder.path, specs);
  await using staged = await stage(folder.path, background);
  await staged.supervisor.start(specs);
  await staged.supervisor.stop();
  assert.equal(await readFile(folder.file("diary"), "utf8"), "a runs\na drains\na drained\n");
});

test("an adopted instance that crashes is started again, under the next number", async () => {
  await using folder = await stageFolder();
  const specs = [specOf("serve")];
  await using left = await orphaned(folder.path, specs);
  await using staged = await stage(folder.path, background);
  await staged.supervisor.start(specs);
  process.kill(left.pids[0]!, "SIGKILL");
  const row = await until(
    () => staged.supervisor.list().find(({ pid, state }) => state === "ready" && pid !== left.pids[0]),
    "the next process",
  );
  assert.deepEqual([row.restarts, row.lastError?.code], [1, "INSTANCE_CRASHED"]);
  const [record] = readState(folder.file(".cantle/run/state.json"))!.processes;
  assert.deepEqual([record!.pid, record!.generation], [row.pid, 2]);
});

test("an instance that died while nobody watched is started again", async () => {
  await using folder = await stageFolder();
  const specs = ["a", "b"].map((unit) => specOf("serve", { unit }));
  await using left = await orphaned(folder.path, specs);
  process.kill(left.pids[0]!, "SIGKILL");
  await gone(left.pids[0]!);
  await using staged = await stage(folder.path, background);
  const rows = await staged.supervisor.start(specs);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ["ready", "ready"],
  );
  assert.equal(pidOf(staged, "b"), left.pids[1]);
  assert.deepEqual(told(staged), ["a-1 ready", "a-1 spawned", "b-1 adopted"]);
});

test("what is wanted otherwise is replaced, what nobody wants is ended, and the rest is left alone", async () => {
  await using folder = await stageFolder();
  const specs = ["same", "changed", "gone"].map((unit) => specOf("serve", { unit }));
  await using left = await orphaned(folder.path, specs);
  const [same, changed, unwanted] = left.pids;
  await using staged = await stage(folder.path, background);
  const rows = await staged.supervisor.start([
    specOf("serve", { unit: "same" }),
    specOf("serve", { unit: "changed", revision: "2", overlap: true }),
    specOf("serve", { unit: "new" }),
  ]);
  assert.deepEqual(
    rows.map(({ unit, state }) => `${unit} ${state}`),
    ["same ready", "changed ready", "new ready"],
  );
  assert.equal(pidOf(staged, "same"), same);
  assert.notEqual(pidOf(staged, "changed"), changed);
  for (const pid of [changed!, unwanted!]) assert.equal(await runs(pid), false);
  const ofChanged = staged.events.filter(({ unit }) => unit === "changed").map(({ kind }) => kind);
  assert.deepEqual(ofChanged, ["adopted", "spawned", "ready", "draining", "ended"]);
});

test("one that lives and does not come is ended, and another takes its place", async () => {
  await using folder = await stageFolder();
  const specs = [specOf("serve", { stalledAfterMs: 2_000 }), specOf("serve", { unit: "b" })];
  await using left = await orphaned(folder.path, specs);
  process.kill(left.pids[0]!, "SIGSTOP");
  await using staged = await stage(folder.path, background);
  await staged.supervisor.start(specs);
  const row = await until(
    () => staged.supervisor.list().find(({ unit, state }) => unit === "articles" && state === "ready"),
    "the next process",
  );
  assert.notEqual(row.pid, left.pids[0]);
  assert.equal(row.lastError?.code, "INSTANCE_STALLED");
  assert.equal(await runs(left.pids[0]!), false);
  assert.equal(pidOf(staged, "b"), left.pids[1]);
});

test("supervisors that are killed one after the other lose nothing, and start nothing twice", async () => {
  await using folder = await stageFolder();
  const specs = ["a", "b"].map((unit) => specOf("serve", { unit }));
  await using first = await orphaned(folder.path, specs);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual((await orphaned(folder.path, specs)).pids, first.pids);
  }
});

test("a stop without a start ends what was left", async () => {
  await using folder = await stageFolder();
  await using left = await orphaned(folder.path, [specOf("serve")]);
  await using staged = await stage(folder.path, background);
  await staged.supervisor.stop();
  assert.equal(await runs(left.pids[0]!), false);
});

test("who is in nobody's records is told to drain, and who does not say who it is is let go", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, background);
  await staged.supervisor.start([specOf("serve")]);
  const dial = (line: unknown) =>
    new Promise((resolve) => {
      let heard = "";
      connect(folder.file(".cantle/run/instances.sock"))
        .on("data", (bytes) => {
          heard += bytes;
        })
        .on("error", () => {})
        .on("close", () => resolve(heard))
        .write(`${JSON.stringify(line)}\n`);
    });
  const served = { addresses: [], services: [] };
  const who = { unit: "articles", instance: "articles-1", generation: 9, phase: "ready", ...served };
  assert.equal(await dial({ kind: "here", identity: identify(process.pid), ...who }), '{"kind":"drain"}\n');
  assert.equal(await dial({ kind: "ready", ...served }), "");
  assert.equal(staged.supervisor.list()[0]?.state, "ready");
});

test("of two supervisors that come at once, one takes everything over and the other is refused", async () => {
  await using folder = await stageFolder();
  const specs = ["a", "b"].map((unit) => specOf("serve", { unit }));
  await using left = await orphaned(folder.path, specs);
  const come = async () => {
    const staged = await stage(folder.path, background);
    return { staged, rows: await staged.supervisor.start(specs) };
  };
  const came = await Promise.allSettled([come(), come()]);
  const [adopter, ...others] = came.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const refused = came.flatMap((each) => (each.status === "rejected" ? [each.reason.code] : []));
  await using _ = adopter!.staged;
  assert.deepEqual([others.length, refused], [0, ["ALREADY_RUNNING"]]);
  assert.deepEqual(
    adopter!.rows.map(({ pid }) => pid),
    left.pids,
  );
});

test("a record that cannot be read stops the next supervisor before it touches what runs", async () => {
  await using folder = await stageFolder();
  const specs = [specOf("serve")];
  await using left = await orphaned(folder.path, specs);
  const record = folder.file(".cantle/run/scaling.json");
  await writeFile(record, '{"version":1,');
  await assert.rejects(stage(folder.path, background), { code: "DATA_DAMAGED", place: record });
  for (const pid of left.pids) assert.equal(await runs(pid), true);
  await rm(record);
  await using staged = await stage(folder.path, background);
  await staged.supervisor.start(specs);
  assert.deepEqual([pidOf(staged, "articles")], left.pids);
});
