/** `cantle ps`: what runs, a row for each instance. */
import { systemClock } from "@cantle/core";
import { findSystem } from "../find-system.ts";
import { printJson, printTable, spanText } from "../output.ts";
import { connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";
import { type InstanceFacts, unitsOf } from "../units.ts";

/** The options of `ps`. */
export interface PsOptions {
  readonly system?: string;
  readonly json?: boolean;
}

const heading = ["UNIT", "INSTANCE", "SERVICES", "STATE", "PID", "ADDRESSES", "RESTARTS", "UPTIME", "CPU", "MEMORY"];

/** Runs it. */
export async function ps(terminal: Terminal, options: PsOptions): Promise<number> {
  const { home } = findSystem(terminal, options.system);
  const client = await connectRunning(home);
  const units = unitsOf((await client.state()).instances, systemClock.wallMs());
  if (options.json) printJson(terminal, { units });
  else {
    const rows = units.flatMap(({ unit, instances }) => instances.map((facts) => rowOf(unit, facts)));
    printTable(terminal, heading, rows);
  }
  return 0;
}

function rowOf(unit: string, facts: InstanceFacts): readonly string[] {
  const { instance, services, state, pid, addresses, restarts, uptimeSeconds, lastError, load } = facts;
  return [
    unit,
    instance,
    services.join(","),
    state === "ready" || lastError === null ? state : `${state} (${lastError.code})`,
    pid === null ? "-" : String(pid),
    addresses.join(",") || "-",
    String(restarts),
    uptimeSeconds === null ? "-" : spanText(uptimeSeconds * 1000),
    load === null ? "-" : load.cpuCores.toFixed(2),
    load === null ? "-" : `${Math.round(load.memoryBytes / 1e6)} MB`,
  ];
}
