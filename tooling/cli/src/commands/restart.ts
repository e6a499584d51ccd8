/** `cantle restart`: starts units again, one instance after the other. */
import { isCantleError, systemClock } from "@cantle/core";
import type { InstanceRow, SupervisorClient } from "@cantle/supervisor";
import { printError, printFailure } from "../failure.ts";
import { findSystem } from "../find-system.ts";
import { printJson, spanText } from "../output.ts";
import { checkUnits, connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";
import { isPlatform, unitsOf } from "../units.ts";

/** The options of `restart`. */
export interface RestartOptions {
  readonly system?: string;
  readonly json?: boolean;
}

/** Runs it. Without names: every unit of the system; the platform's own only when they are named. */
export async function restart(terminal: Terminal, options: RestartOptions, named: readonly string[]): Promise<number> {
  const { home } = findSystem(terminal, options.system);
  const client = await connectRunning(home);
  const { instances } = await client.state();
  checkUnits(named, instances);
  const all = [...new Set(instances.map(({ unit }) => unit))].filter((unit) => !isPlatform(unit));
  const rows: InstanceRow[] = [];
  let exit = 0;
  for (const unit of named.length > 0 ? named : all) {
    try {
      rows.push(...(await restartOne(terminal, client, unit)));
    } catch (error) {
      exit ||= await printRefusal(terminal, client, error);
    }
  }
  if (options.json) printJson(terminal, { units: unitsOf(rows, systemClock.wallMs()) });
  return exit;
}

async function restartOne(terminal: Terminal, client: SupervisorClient, unit: string): Promise<readonly InstanceRow[]> {
  const sinceMs = systemClock.nowMs();
  // A unit of one instance would else be away for a moment; what is being restarted need not be.
  const rows = await client.restart(unit, { overlap: !isPlatform(unit) });
  terminal.err(`restarted ${unit} in ${spanText(systemClock.nowMs() - sinceMs)}`);
  return rows;
}

/** The refusal, and before it what the instances said themselves. */
async function printRefusal(terminal: Terminal, client: SupervisorClient, error: unknown): Promise<number> {
  if (isCantleError(error)) {
    const { instances } = await client.state();
    for (const { lastError } of instances) {
      if (lastError !== null && lastError.code === error.code) printError(terminal, lastError.text);
    }
  }
  return printFailure(terminal, error);
}
