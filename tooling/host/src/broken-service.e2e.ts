/** A service that is broken hurts nobody else. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startSystem } from "./start-system.ts";

const file = join(import.meta.dirname, "../fixtures/half-broken/system.ts");

for (const placement of ["one", "each", "threads"]) {
  test(`placed as '${placement}', a module that throws on load leaves the other services starting, with one clear error`, async () => {
    const home = await mkdtemp(join(tmpdir(), "half-"));
    const lines: string[] = [];
    const running = await startSystem({
      file,
      placement,
      port: 0,
      env: { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" },
      onLine: ({ line }) => lines.push(line),
    });
    try {
      const response = await fetch(`${running.addresses.gateway}/well`);
      assert.deepEqual([response.status, await response.json()], [200, "I am well"]);
      const failed = running.list().filter((row) => row.lastError !== null);
      assert.deepEqual(
        failed.map((row) => [row.unit, row.lastError?.code]),
        [["broken", "SERVICE_BROKEN"]],
      );
      const text = failed[0]?.lastError?.text ?? "";
      for (const part of [
        "error[SERVICE_BROKEN]: the module of 'broken' failed to load",
        "fixtures/half-broken/broken.ts:5",
        "no such thing as a free lunch",
        "help:",
      ])
        assert.ok(text.includes(part), text);
    } finally {
      await running.stop();
      await rm(home, { recursive: true });
    }
  });
}
