/** `cantle scale`: how many instances each unit has and why, and choosing that. */
import { CantleError } from "@cantle/core";
import type { ScalingRow } from "@cantle/supervisor";
import { findSystem } from "../find-system.ts";
import { printJson, printTable } from "../output.ts";
import { checkUnits, connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";
import { isPlatform } from "../units.ts";

/** The options of `scale`. */
export interface ScaleOptions {
  readonly system?: string;
  readonly json?: boolean;
}

const heading = ["UNIT", "READY", "WANTED", "MIN", "MAX", "TARGET", "BY", "LAST CHANGE"];

/** Runs it. Without a unit: all of them; with one and a count or `auto`: changes it, and shows it. */
export async function scale(
  terminal: Terminal,
  options: ScaleOptions,
  ...[unit, to]: readonly (string | undefined)[]
): Promise<number> {
  const { home } = findSystem(terminal, options.system);
  const wanted = to === undefined ? undefined : wantedBy(to);
  const client = await connectRunning(home);
  if (unit !== undefined) checkUnits([unit], (await client.state()).instances);
  if (unit !== undefined && wanted !== undefined) await client.scale(unit, wanted);
  const all = await client.scaling();
  const rows = all.filter((row) => (unit === undefined ? !isPlatform(row.unit) : row.unit === unit));
  if (options.json) printJson(terminal, { units: rows });
  else {
    printTable(terminal, heading, rows.map(cellsOf));
    const [row] = rows;
    if (unit !== undefined && row !== undefined) tellChanges(terminal, row);
  }
  return 0;
}

function wantedBy(to: string): number | "auto" {
  if (to === "auto") return to;
  const count = /^\d{1,4}$/.test(to) ? Number(to) : 0;
  if (count > 0) return count;
  throw new CantleError("USAGE", `'${to}' is no number of instances`, { help: "write a whole number from 1, or auto" });
}

function cellsOf({ unit, readyCount, wantedCount, min, max, target, mode, changes }: ScalingRow): readonly string[] {
  const aims = Object.entries(target ?? {}).map(([metric, value]) => `${metric} ${value}`);
  const last = changes.at(-1);
  return [
    unit,
    String(readyCount),
    String(wantedCount),
    min === null ? "-" : String(min),
    max === null ? "-" : String(max),
    aims.join(", ") || "-",
    mode === "auto" ? "its load" : mode === "fixed" ? "an operator" : "-",
    last === undefined ? "-" : `${timeOf(last.at)} ${last.from} → ${last.to}`,
  ];
}

/** All that is remembered of one unit. */
function tellChanges({ out, paintOut }: Terminal, { reason, changes }: ScalingRow): void {
  for (const { at, from, to, reason } of changes) out(paintOut("dim", `${timeOf(at)}  ${from} → ${to}  ${reason}`));
  if (reason !== null) out(paintOut("dim", `now: ${reason}`));
}

function timeOf(at: string): string {
  return at.slice(11, 19);
}
