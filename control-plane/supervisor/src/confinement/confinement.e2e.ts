/**
 * Limits on real processes. What this machine cannot enforce is skipped by name: control groups need a Linux where the group
 * of the test is ours to divide (`hierarchy.ts`); `CANTLE_CGROUP=own` says so where only its owner can know.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { gone, type Stage, specOf, stage, stageApart, stageFolder, until } from "../../fixtures/stage.ts";
import type { InstanceRow, ProcessSpec } from "../spec.ts";
import type { Resource } from "./limits.ts";

const env = { PATH: process.env.PATH, CANTLE_CGROUP: process.env.CANTLE_CGROUP };
const mebibyte = 2 ** 20;

function rowOf({ supervisor }: Stage, unit: string): InstanceRow {
  return supervisor.list().find((row) => row.unit === unit)!;
}

/** True, and the test skipped, where the kernel does not enforce it here. */
function isUnenforced(context: TestContext, { events }: Stage, resource: Resource): boolean {
  const told = events.find((event) => event.kind === "unenforced" && event.resource === resource);
  if (told?.kind !== "unenforced") return false;
  context.skip(`no control groups for ${resource} here: ${told.why}`);
  return true;
}

/** The folder of a process's group. */
function groupOf(pid: number, controller: string): string {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const path = new RegExp(`^\\d+:(?:[^:]*,)?(?:${controller})(?:,[^:]*)?:(.*cantle-.*)$`, "m").exec(groups)?.[1];
  if (path !== undefined) return `/sys/fs/cgroup/${controller}${path}`;
  return `/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1]}`;
}

async function next(staged: Stage, before: InstanceRow): Promise<InstanceRow> {
  return until(() => {
    const row = rowOf(staged, before.unit);
    return row.state === "ready" && row.pid !== before.pid ? row : undefined;
  }, "the next process");
}

function hoarding(heapMebibytes: number): ProcessSpec {
  const spec = specOf("hoard");
  const limits = { memoryBytesMax: 2 * heapMebibytes * mebibyte, heapBytesMax: heapMebibytes * mebibyte };
  return { ...spec, args: [`--max-old-space-size=${heapMebibytes}`, ...spec.args], limits };
}

for (const mode of ["attached", "background"] as const) {
  test(`${mode}: an instance that fills its heap is told from a crash, started again, and hurts nobody`, async () => {
    await using folder = await stageFolder();
    await using staged = await stage(folder.path, { env, mode });
    const [before, neighbour] = await staged.supervisor.start([hoarding(128), specOf("serve", { unit: "neighbour" })]);
    process.kill(before!.pid!, "SIGUSR2");
    const after = await next(staged, before!);
    assert.equal(after.lastError?.code, "INSTANCE_OUT_OF_MEMORY");
    assert.match(after.lastError!.text, /'articles-1' ran out of heap \(its limit is 256 MiB\)/);
    assert.equal(rowOf(staged, "neighbour").pid, neighbour!.pid);
  });
}

test("an instance that takes too much memory is killed for it, started again, and hurts nobody", async (context) => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { env });
  const limits = { memoryBytesMax: 256 * mebibyte };
  const specs = [specOf("gorge", { limits }), specOf("serve", { unit: "neighbour" })];
  const [before, neighbour] = await staged.supervisor.start(specs);
  if (isUnenforced(context, staged, "memory")) return;
  assert.deepEqual(before!.limits, { memory: "enforced" });
  process.kill(before!.pid!, "SIGUSR2");
  const after = await next(staged, before!);
  assert.equal(after.lastError?.code, "INSTANCE_OUT_OF_MEMORY");
  assert.match(after.lastError!.text, /took more memory than it may and was killed \(its limit is 256 MiB\)/);
  assert.equal(rowOf(staged, "neighbour").pid, neighbour!.pid);
});

test("an instance that computes more than it may waits, its neighbours do not, and its group goes with it", async (context) => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { env });
  const specs = [specOf("busy", { limits: { cpuMax: 0.2 } }), specOf("serve", { unit: "neighbour" })];
  const [row, neighbour] = await staged.supervisor.start(specs);
  if (isUnenforced(context, staged, "cpu")) return;
  assert.deepEqual([row!.limits, neighbour!.limits], [{ cpu: "enforced" }, null]);
  const group = groupOf(row!.pid!, "cpu");
  assert.match(group, /cantle-[0-9a-f]{8}\/articles-1\.1$/);
  process.kill(row!.pid!, "SIGUSR2");
  const throttled = () => Number(/^nr_throttled (\d+)$/m.exec(readFileSync(`${group}/cpu.stat`, "utf8"))?.[1]);
  await until(() => throttled() > 5, "periods in which it waited");
  await staged.supervisor.stop();
  assert.equal(existsSync(group), false);
});

test("an instance is in its group before it is told who it is", async (context) => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path, { env });
  const file = folder.file("told.json");
  await staged.supervisor.start([specOf("told", { file, limits: { cpuMax: 1 } })]);
  if (isUnenforced(context, staged, "cpu")) return;
  assert.match(JSON.parse(readFileSync(file, "utf8")).groups, /cantle-[0-9a-f]{8}\/articles-1\.1$/m);
});

test("the groups of a killed supervisor's instances are removed by the next one, those of living ones are kept", async (context) => {
  await using folder = await stageFolder();
  const specs = ["a", "b"].map((unit) => specOf("serve", { unit, limits: { cpuMax: 1 } }));
  await using apart = await stageApart(folder.path, "background", specs);
  apart.process.kill("SIGKILL");
  await gone(apart.process.pid!);
  if (apart.rows[0]!.limits?.cpu !== "enforced") return context.skip("no control groups for cpu here");
  const [a, b] = apart.rows.map((row) => ({ pid: row.pid!, group: groupOf(row.pid!, "cpu") }));
  process.kill(a!.pid, "SIGKILL");
  await gone(a!.pid);
  await using staged = await stage(folder.path, { env, mode: "background" });
  // A kernel may hold a group for a moment after its last process.
  await until(() => !existsSync(a!.group), "the removal of the group");
  assert.ok(existsSync(b!.group));
  const rows = await staged.supervisor.start(specs);
  assert.deepEqual(
    rows.map(({ limits }) => limits),
    Array(2).fill({ cpu: "enforced" }),
  );
  await staged.supervisor.stop();
  assert.equal(existsSync(b!.group), false);
});
