/** Instances whose event loop does not turn any more. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { systemClock } from "@cantle/core";
import { gone, type Stage, specOf, stage, stageFolder, until } from "../fixtures/stage.ts";
import type { InstanceRow } from "./spec.ts";

const stalledAfterMs = 1_000;

function rowOf({ supervisor }: Stage, unit: string): InstanceRow {
  return supervisor.list().find((row) => row.unit === unit)!;
}

/** Resolves when it has reported twice, and so is being watched. */
async function watched(staged: Stage, unit: string): Promise<void> {
  await until(() => rowOf(staged, unit).load, `two reports of ${unit}`);
}

for (const [what, behaviour, signal] of [
  ["an instance that was stopped", "serve", "SIGSTOP"],
  ["an instance in an endless loop", "hang", "SIGUSR2"],
] as const) {
  test(`${what} is killed and started again, and its neighbours are not touched`, async () => {
    await using folder = await stageFolder();
    await using staged = await stage(folder.path);
    const specs = [specOf(behaviour, { stalledAfterMs }), specOf("serve", { unit: "neighbour" })];
    const [before, neighbour] = await staged.supervisor.start(specs);
    await watched(staged, "articles");
    process.kill(before!.pid!, signal);
    const after = await until(() => {
      const row = rowOf(staged, "articles");
      return row.state === "ready" && row.pid !== before!.pid ? row : undefined;
    }, "the next process");
    assert.deepEqual([after.restarts, after.lastError?.code], [1, "INSTANCE_STALLED"]);
    assert.match(after.lastError!.text, /'articles-1' said nothing for 1000 ms and was killed/);
    await gone(before!.pid!);
    const { pid, restarts } = rowOf(staged, "neighbour");
    assert.deepEqual([pid, restarts], [neighbour!.pid, 0]);
  });
}

test("an instance that is blocked for less is slow, not dead", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  const file = folder.file("go-on");
  const [before] = await staged.supervisor.start([specOf("stumble", { file })]);
  await watched(staged, "articles");
  const heardMs = () => staged.supervisor.loads()[0]!.heardMs;
  process.kill(before!.pid!, "SIGUSR2");
  // Two reports are missing: it is blocked, and the supervisor has seen it.
  await until(() => systemClock.nowMs() - heardMs() > 3_000, "silence");
  const lastMs = heardMs();
  await writeFile(file, "");
  await until(() => heardMs() > lastMs, "another report");
  const after = rowOf(staged, "articles");
  assert.deepEqual([after.pid, after.restarts, after.state], [before!.pid, 0, "ready"]);
});

test("the reports of an instance tell what its process uses", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("serve", { stalledAfterMs })]);
  await watched(staged, "articles");
  const [load] = staged.supervisor.loads();
  assert.deepEqual([load!.unit, load!.instance, load!.generation], ["articles", "articles-1", 1]);
  assert.ok(load!.report.cpuMs > 0 && load!.report.memoryBytes > 1_000_000);
  const { loopUtilisation, cpuCores, callsPerSecond } = rowOf(staged, "articles").load!;
  assert.ok(loopUtilisation >= 0 && loopUtilisation <= 1 && cpuCores >= 0 && callsPerSecond === 0);
});
