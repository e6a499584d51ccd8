/** Starting a system, in whichever shape was chosen. */
import { dirname, resolve } from "node:path";
import { place } from "@cantle/system";
import { loadSystem } from "./load-system.ts";
import type { RunningSystem, StartOptions } from "./start-options.ts";

/**
 * Starts a system. Resolves when every unit is ready or has said why it cannot be; `list()` tells which.
 * Throws `SYSTEM_INVALID`, `PLACEMENT_IMPOSSIBLE` or `ALREADY_RUNNING` before anything runs.
 */
export async function startSystem(options: StartOptions): Promise<RunningSystem> {
  const file = resolve(options.file);
  const system = await loadSystem(file);
  const plan = place(system, options.placement);
  const folder = dirname(file);
  const home = resolve(options.env["CANTLE_HOME"] || folder);
  const start = { system, plan, folder, home, options: { ...options, file } };
  switch (plan.shape) {
    case "one":
      return (await import("./whole.ts")).startWhole(start);
    case "threads":
      return (await import("./threads.ts")).startThreads(start);
    case "processes":
      return (await import("./processes.ts")).startProcesses(start);
  }
}
