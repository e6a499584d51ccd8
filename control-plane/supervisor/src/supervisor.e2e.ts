import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gone, runs, specOf, stage, stageFolder, until } from "../fixtures/stage.ts";

test("start resolves when every instance is ready, and tells where each serves what", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const rows = await staged.supervisor.start([
    specOf("serve", { instance: "articles-1" }),
    specOf("serve", { instance: "articles-2" }),
  ]);
  assert.deepEqual(
    rows.map(({ instance, state, restarts, lastError }) => ({ instance, state, restarts, lastError })),
    ["articles-1", "articles-2"].map((instance) => ({ instance, state: "ready", restarts: 0, lastError: null })),
  );
  for (const row of rows) assert.deepEqual(row.addresses, [`memory:${row.pid}`]);
  await staged.supervisor.stop();
  for (const row of rows) assert.equal(await runs(row.pid!), false);
});

test("an instance is told its handover over the channel, and neither its environment nor its arguments hold it", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const file = folder.file("told.json");
  await staged.supervisor.start([
    specOf("told", { file, handover: async ({ generation }) => ({ secret: "s3cr3t", generation }) }),
  ]);
  const { handover, ...visible } = JSON.parse(await readFile(file, "utf8"));
  assert.deepEqual(handover, {
    unit: "articles",
    instance: "articles-1",
    generation: 1,
    mode: "attached",
    beatMs: 1000,
    redial: null,
    release: null,
    share: null,
    data: { secret: "s3cr3t", generation: 1 },
  });
  assert.doesNotMatch(JSON.stringify(visible), /s3cr3t/);
  assert.doesNotMatch(await readFile(folder.file(".cantle/run/state.json"), "utf8"), /s3cr3t/);
});

test("a handover that throws is that instance's failure", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [row] = await staged.supervisor.start([
    specOf("serve", {
      handover: () => {
        throw new TypeError("no key");
      },
    }),
  ]);
  assert.match(row?.lastError?.text ?? "", /cause: no key/);
});

test("one unit's failure leaves the others starting", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const rows = await staged.supervisor.start([specOf("misconfigured", { unit: "broken" }), specOf("serve")]);
  assert.deepEqual(
    rows.map((row) => row.state === "ready"),
    [false, true],
  );
});

test("an instance that says its configuration is wrong is not started again until asked", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("misconfigured")]);
  await until(() => staged.supervisor.list()[0]?.state === "failed", "the failure");
  const [row] = staged.supervisor.list();
  assert.equal(row?.restarts, 0);
  assert.deepEqual(row?.lastError, {
    code: "CONFIG_INVALID",
    text: "error[CONFIG_INVALID]: 'articles.max' is missing",
  });
  const failed = staged.events.find((event) => event.kind === "failed");
  assert.equal(failed?.kind === "failed" && failed.retryInMs, null);
  await assert.rejects(staged.supervisor.restart("articles"), { code: "CONFIG_INVALID" });
  assert.equal(staged.supervisor.list()[0]?.restarts, 1);
});

test("a silent exit with code 3 counts as a wrong configuration", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [row] = await staged.supervisor.start([specOf("exit-3")]);
  assert.equal(row?.state, "failed");
  assert.match(row?.lastError?.text ?? "", /^error\[CONFIG_INVALID\]: 'articles-1' ended with exit code 3 before/);
});

test("a module that cannot be loaded is told with its place and cause, and not tried again", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { backOff: { firstMs: 1, maxMs: 1 } });
  const [row] = await staged.supervisor.start([specOf("broken")]);
  assert.equal(row?.lastError?.code, "SERVICE_BROKEN");
  assert.match(row?.lastError?.text ?? "", /--> articles\/service\.ts\n {2}cause: Unexpected token/);
  await until(() => staged.supervisor.list()[0]?.state === "failed", "a failure that lasts");
  assert.equal(staged.supervisor.list()[0]?.restarts, 0);
});

test("a command that does not exist is one clear error, and so is a folder", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const rows = await staged.supervisor.start([
    specOf("serve", { instance: "a-1", command: "no-such-program" }),
    specOf("serve", { instance: "b-1", cwd: folder.file("no-such-folder") }),
  ]);
  assert.deepEqual(
    rows.map(({ state, pid }) => ({ state, pid })),
    Array(2).fill({ state: "failed", pid: null }),
  );
  assert.match(rows[0]?.lastError?.text ?? "", /the command 'no-such-program' of 'a-1' does not exist/);
  assert.match(rows[1]?.lastError?.text ?? "", /the folder '.*no-such-folder' of 'b-1' does not exist/);
});

test("an instance that is not ready in time is ended and counts as crashed", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { backOff: { firstMs: 60_000, maxMs: 60_000 } });
  const [row] = await staged.supervisor.start([specOf("mute", { readyTimeoutMs: 500 })]);
  assert.equal(row?.lastError?.code, "START_TIMEOUT");
  await gone(row?.pid ?? 0);
  await until(() => staged.supervisor.list()[0]?.state === "backing-off", "the back-off");
});

test("a crash before ready is followed by another start", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [row] = await staged.supervisor.start([specOf("crash-once", { file: folder.file("crashed") })]);
  assert.equal(row?.state, "ready");
  assert.equal(row?.restarts, 1);
  assert.match(row?.lastError?.text ?? "", /ended with exit code 1 before it was ready/);
});

test("an instance that is killed while ready comes back as another process", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const [before] = await staged.supervisor.start([specOf("serve")]);
  process.kill(before!.pid!, "SIGKILL");
  const after = await until(
    () => staged.supervisor.list().find((row) => row.state === "ready" && row.pid !== before!.pid),
    "the next process",
  );
  assert.equal(after.restarts, 1);
  assert.match(after.lastError?.text ?? "", /'articles-1' ended by SIGKILL\n/);
});

test("twenty restarts in a row leave nothing behind but a crash loop that shows", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { backOff: { firstMs: 1, maxMs: 2 } });
  const [row] = await staged.supervisor.start([specOf("crash", { command: "false", args: [] })]);
  assert.equal(row?.state, "crash-loop");
  await until(() => staged.supervisor.list()[0]!.restarts >= 20, "twenty restarts");
  await staged.supervisor.stop();
  const pids = staged.events.flatMap((event) => (event.kind === "spawned" ? [event.pid] : []));
  assert.ok(pids.length > 20);
  for (const pid of pids) assert.equal(await runs(pid), false);
});

test("a unit starts when what it depends on is ready, and shows as blocked while that fails", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const needy = specOf("serve", { dependsOnReady: ["control"] });
  const rows = await staged.supervisor.start([needy, specOf("exit-3", { unit: "control" })]);
  assert.deepEqual(
    rows.map(({ unit, state }) => ({ unit, state })),
    [
      { unit: "articles", state: "blocked" },
      { unit: "control", state: "failed" },
    ],
  );
  await staged.supervisor.replace([needy, specOf("serve", { unit: "control" })]);
  await until(() => staged.supervisor.list().every((row) => row.state === "ready"), "both to be ready");
  const ready = staged.events.filter((event) => event.kind === "ready").map((event) => event.unit);
  assert.deepEqual(ready, ["control", "articles"]);
});
