/** `cantle stop`: drains the system of this folder, or ends what a killed one left behind. */
import process from "node:process";
import { setTimeout as moment } from "node:timers/promises";
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

/** How long a supervisor that has stopped everything may take to end itself. */
const endMsMax = 5_000;
const lookMs = 10;

/** Resolves when no process has this number, so that whoever waited for us may take its place. */
async function ended(pid: number): Promise<void> {
  const untilMs = systemClock.nowMs() + endMsMax;
  while (isRunning(pid) && systemClock.nowMs() < untilMs) await moment(lookMs);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The names of the instances that ran and do not any more. */
async function stopAll({ err, paintErr }: Terminal, home: string): Promise<readonly string[]> {
  try {
    const client = await connectSupervisor(home);
    const { instances, pid } = await client.state();
    err(paintErr("dim", "stopping: calls in flight are finished"));
    await client.stop();
    await ended(pid);
    return instances.filter(({ pid }) => pid !== null).map(({ instance }) => instance);
  } catch (error) {
    if (!isNotRunning(error) || listLeftovers(home).length === 0) throw error;
    err(paintErr("dim", "the system was killed; ending what it left behind"));
    const left = await stopLeftovers(home, { clock: systemClock, random: systemRandom() });
    return left.map(({ instance }) => instance);
  }
}
