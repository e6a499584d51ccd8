import assert from "node:assert/strict";
import { test } from "node:test";
import { enforcementsOf, limitedIn } from "./limits.ts";
import { oomKillsIn, settingsOf } from "./settings.ts";

const limits = { memoryBytesMax: 1024, cpuMax: 0.5, ioBytesPerSecondMax: 2048 };

for (const [resource, version, written] of [
  ["memory", 1, ["memory.limit_in_bytes=1024", "memory.memsw.limit_in_bytes=1024"]],
  ["memory", 2, ["memory.max=1024", "memory.swap.max=0", "memory.oom.group=1"]],
  ["cpu", 1, ["cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000"]],
  ["cpu", 2, ["cpu.max=50000 100000"]],
  ["io", 1, ["blkio.throttle.read_bps_device=254:0 2048", "blkio.throttle.write_bps_device=254:0 2048"]],
  ["io", 2, ["io.max=254:0 rbps=2048 wbps=2048"]],
] as const) {
  test(`a limit of ${resource} in version ${version} is ${written.join(", ")}`, () => {
    const settings = settingsOf(resource, limits, { version, device: "254:0" });
    assert.deepEqual(
      settings?.map(({ file, text }) => `${file}=${text}`),
      written,
    );
  });
}

test("without a disk there is nothing to limit reading and writing on", () => {
  assert.equal(settingsOf("io", limits, { version: 2, device: undefined }), undefined);
});

test("what the kernel ended for its memory is counted in both versions", () => {
  assert.equal(oomKillsIn("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), 3);
  assert.equal(oomKillsIn("low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 1\n"), 1);
  assert.equal(oomKillsIn(""), 0);
});

test("how far limits hold is said of those that there are, and a heap limit stands in for memory alone", () => {
  const heap = { ...limits, heapBytesMax: 512 };
  assert.deepEqual(limitedIn({ cpuMax: 1 }), ["cpu"]);
  assert.deepEqual(enforcementsOf(heap, new Set(["cpu"])), {
    memory: "heap only",
    cpu: "enforced",
    io: "not enforced",
  });
  assert.deepEqual(enforcementsOf(limits, new Set()), {
    memory: "not enforced",
    cpu: "not enforced",
    io: "not enforced",
  });
  assert.deepEqual(enforcementsOf({ memoryBytesMax: 1, heapBytesMax: 1 }, new Set(["memory"])), { memory: "enforced" });
});
