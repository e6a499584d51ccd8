/** The blog of the examples, running: the process that holds its supervisor. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startSystem } from "@cantle/host";
import type { Part } from "../harness/part.ts";

/** What the harness asks: the processes of a unit, once all of its instances are ready. */
export interface PidsOf {
  readonly unit: string;
}

/** The other thing that it asks: to start a unit again. */
export interface RestartOf {
  readonly restart: string;
}

const readyMs = 20_000;

/** Starts it in a placement. */
export async function start(placement: string): Promise<Part> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const running = await startSystem({
    file: fileURLToPath(new URL("../../examples/blog/system.ts", import.meta.url)),
    placement,
    port: 0,
    set: [`storage.folder=${join(home, "images")}`],
    env: { ...process.env, CANTLE_HOME: home },
  });

  async function pidsOf({ unit }: PidsOf): Promise<number[]> {
    const lateMs = performance.now() + readyMs;
    for (;;) {
      const rows = running.list().filter((row) => row.unit === unit);
      if (rows.length > 0 && rows.every(({ state }) => state === "ready")) return rows.map(({ pid }) => pid!);
      if (performance.now() > lateMs) throw new Error(`'${unit}' is not ready: ${rows.map(({ state }) => state)}`);
      await delay(20);
    }
  }

  return {
    url: `${running.addresses.gateway}/api`,
    drive: (order: PidsOf | RestartOf) => ("restart" in order ? running.restart(order.restart) : pidsOf(order)),
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
