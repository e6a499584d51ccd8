/** Ours: the whole system, started as users start it, with no policy chosen. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startSystem } from "@cantle/host";
import type { Part } from "../harness/part.ts";

/** Starts it in a placement. It is asked for how often instances were started again. */
export async function start(placement: "each" | "one"): Promise<Part> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const running = await startSystem({
    file: fileURLToPath(new URL("./system.ts", import.meta.url)),
    placement,
    port: 0,
    env: { ...process.env, CANTLE_HOME: home },
  });
  return {
    url: running.addresses.gateway,
    drive: () => Promise.resolve(running.list().reduce((sum, { restarts }) => sum + restarts, 0)),
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
