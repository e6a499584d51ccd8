/** What the registry hears of an instance that was killed. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as moment } from "node:timers/promises";
import { createStarted, systemClock, systemRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { socketOf } from "./addresses.ts";
import { openIssuer } from "./control.ts";
import { withRegistry } from "./retirement.ts";
import { startSystem } from "./start-system.ts";

const file = join(import.meta.dirname, "../fixtures/half-broken/system.ts");

test("an instance that is killed leaves the registry at once, and not because its lease runs out", async () => {
  const home = await mkdtemp(join(tmpdir(), "retired-"));
  const started = createStarted();
  const lines: string[] = [];
  const env = { ...process.env, CANTLE_HOME: home };
  const running = await startSystem({ file, placement: "each", port: 0, env, onLine: ({ line }) => lines.push(line) });
  started.add(() => running.stop());
  try {
    const settings = { folder: home, home, env };
    const time = { clock: systemClock, random: systemRandom() };
    const issuer = await openIssuer({ system: running.system.name, settings, log: silentLogger, ...time }, started);
    const access = { issuer, control: socketOf(home, "control"), settings, ...time };
    const listed = () =>
      withRegistry(access, async (client) => (await client.list()).instances.map(({ instance }) => instance));
    const well = () => running.list().find(({ unit }) => unit === "well")!;
    assert.deepEqual(
      (await listed()).filter((name) => name.startsWith("well")),
      ["well-1.1"],
    );
    process.kill(well().pid!, "SIGKILL");
    for (let names = await listed(); names.includes("well-1.1") || !names.includes("well-1.2"); names = await listed())
      await moment(10);
    assert.deepEqual(
      lines.filter((line) => line.includes("an instance is gone")),
      [],
    );
  } finally {
    await started.stop();
    await rm(home, { recursive: true });
  }
});
