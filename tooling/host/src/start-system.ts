/** Starting a system, in whichever shape was chosen. */
import { dirname, resolve } from "node:path";
import { type Plan, place, type System } from "@cantle/system";
import { checkConfig } from "./check-config.ts";
import { isExternal } from "./external-source.ts";
import { interruptible } from "./interruptible.ts";
import { loadSystem } from "./load-system.ts";
import type { RunningSystem, StartOptions } from "./start-options.ts";

/**
 * Starts a system. Resolves when every unit is ready or has said why it cannot be; `list()` tells which.
 * Throws `SYSTEM_INVALID`, `PLACEMENT_IMPOSSIBLE`, `CONFIG_INVALID` or `ALREADY_RUNNING` before anything runs.
 */
export async function startSystem(options: StartOptions): Promise<RunningSystem> {
  const { placement, watch = false, signal, env, set, profile } = options;
  const file = resolve(options.file);
  const system = await interruptible(loadSystem(file), signal);
  const chosen = place(system, placement);
  const plan = watch ? restartable(chosen, system) : chosen;
  const folder = dirname(file);
  const home = resolve(env["CANTLE_HOME"] || folder);
  await interruptible(checkConfig(system, { folder, home, env, set, profile }), signal);
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

/** Modules are loaded once in a process, so services that share this one get one that can be started again. */
function restartable(plan: Plan, system: System): Plan {
  if (plan.shape !== "one") return plan;
  const units = plan.units.flatMap(({ name, services }) => {
    const [inside, outside] = [
      services.filter((each) => !isExternal(system, each)),
      services.filter((each) => isExternal(system, each)),
    ];
    // Programs are processes of their own anyway.
    return [
      { name, services: inside, instances: 1 },
      ...outside.map((each) => ({ name: each, services: [each], instances: 1 })),
    ];
  });
  return { ...plan, shape: "processes", units: units.filter(({ services }) => services.length > 0) };
}
