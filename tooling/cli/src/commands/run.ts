/**
 * `cantle run`: a one-off task of a service, in a process of its own. The services it uses run beside it in the same process,
 * on the same configuration and data as the system's, whether or not that runs just now.
 */
import { CantleError, createStarted, systemClock } from "@cantle/core";
import { loadSystem } from "@cantle/host";
import { runWhole } from "@cantle/host/whole";
import { createLogger } from "@cantle/telemetry";
import { findSystem } from "../find-system.ts";
import { printJson } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `run`. */
export interface RunOptions {
  readonly system?: string;
  readonly set?: readonly string[];
  readonly profile?: string;
  readonly json?: boolean;
}

/** Runs it. What the task answers with is printed as JSON. */
export async function run(terminal: Terminal, options: RunOptions, named: string): Promise<number> {
  const { file, folder, home } = findSystem(terminal, options.system);
  const system = await loadSystem(file);
  const [service = "", task = ""] = named.split(".");
  if (!Object.hasOwn(system.services, service)) {
    throw new CantleError("SERVICE_UNKNOWN", `there is no service '${service}'`, {
      place: named,
      help: `write SERVICE.TASK; the services are ${Object.keys(system.services).join(", ")}`,
    });
  }
  const started = createStarted();
  // The platform's timers keep no process alive, and a task may be waiting for one.
  const alive = setInterval(() => {}, 60_000);
  try {
    const log = createLogger((level, message) => terminal.err(`${level}: ${message}`));
    const settings = { folder, home, env: terminal.env, set: options.set, profile: options.profile };
    const { instance, failed } = await runWhole(
      { system, services: Object.keys(system.services), settings, log, clock: systemClock, purpose: "task" },
      started,
    );
    const running = instance.services.get(service);
    if (running === undefined)
      throw failed.get(service) ?? new CantleError("NOT_RUNNING", `'${service}' does not run in this system`);
    const answer = await running.run(task);
    if (answer !== undefined && options.json) terminal.out(JSON.stringify(answer));
    else if (answer !== undefined) printJson(terminal, answer);
    return 0;
  } finally {
    clearInterval(alive);
    await started.stop();
  }
}
