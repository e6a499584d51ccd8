/** `cantle stop`: drains the system of this folder, or ends what a killed one left behind. */
import { systemClock, systemRandom } from "@cantle/core";
import { connectSupervisor, listLeftovers, stopLeftovers } from "@cantle/supervisor";
import { findSystem } from "../find-system.ts";
import { counted, printJson } from "../output.ts";
import { isNotRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `stop`. */
export interface StopOptions {
  readonly system?: string;
  readonly json?: boolean;
}

/** Runs it. */
export async function stop(terminal: Terminal, options: StopOptions): Promise<number> {
  const { home } = findSystem(terminal, options.system);
  const stopped = await stopAll(terminal, home);
  if (options.json) printJson(terminal, { stopped });
  else terminal.out(`stopped ${counted(stopped.length, "instance")}: ${stopped.join(", ")}`);
  return 0;
}

/** The names of the instances that ran and do not any more. */
async function stopAll({ err, paintErr }: Terminal, home: string): Promise<readonly string[]> {
  try {
    const client = await connectSupervisor(home);
    const { instances } = await client.state();
    err(paintErr("dim", "stopping: calls in flight are finished"));
    await client.stop();
    return instances.filter(({ pid }) => pid !== null).map(({ instance }) => instance);
  } catch (error) {
    if (!isNotRunning(error) || listLeftovers(home).length === 0) throw error;
    err(paintErr("dim", "the system was killed; ending what it left behind"));
    const left = await stopLeftovers(home, { clock: systemClock, random: systemRandom() });
    return left.map(({ instance }) => instance);
  }
}
