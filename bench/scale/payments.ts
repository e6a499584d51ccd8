/** The payments of the examples, running: the process that holds their supervisor. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startSystem } from "@cantle/host";
import type { Part } from "../harness/part.ts";

/** What the harness is told: how many instances of a unit are ready. */
export interface ReadyOf {
  readonly unit: string;
}

/** Starts them. */
export async function start(): Promise<Part> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const running = await startSystem({
    file: fileURLToPath(new URL("../../examples/03-payments/system.ts", import.meta.url)),
    port: 0,
    env: { ...process.env, CANTLE_HOME: home },
  });
  return {
    url: running.addresses.gateway,
    async drive({ unit }: ReadyOf) {
      return running.list().filter((row) => row.unit === unit && row.state === "ready").length;
    },
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
