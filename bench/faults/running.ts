/** A system, running: the process that holds its supervisor. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startSystem } from "@cantle/host";
import { connectSupervisor } from "@cantle/supervisor";
import type { Part } from "../harness/part.ts";

/** How it is started. */
export interface SystemOrder {
  /** Beside this file. */
  readonly file: string;
  readonly placement: string;
  /** Configuration; `{home}` is a folder that goes away with it. */
  readonly set?: readonly string[];
}

/** What the harness may have done: the instances of the system looked at, or a unit started again as `cantle restart` does it. */
export type Steered = { readonly list: true } | { readonly restart: string };

/** Starts it. */
export async function start({ file, placement, set = [] }: SystemOrder): Promise<Part> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const running = await startSystem({
    file: fileURLToPath(new URL(file, import.meta.url)),
    placement,
    port: 0,
    set: set.map((text) => text.replaceAll("{home}", home)),
    env: { ...process.env, CANTLE_HOME: home },
  });
  const client = await connectSupervisor(home);

  async function drive(order: Steered) {
    if ("restart" in order) await client.restart(order.restart, { overlap: order.restart !== "gateway" });
    return running.list();
  }

  return {
    url: running.addresses.gateway,
    at: home,
    drive,
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
