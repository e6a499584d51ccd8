/** `cantle rollout`: a new release of a unit in place of the old one, watched, and ended by hand where somebody wants to. */
import { setTimeout as moment } from "node:timers/promises";
import { CantleError } from "@cantle/core";
import type { ReleaseRow, RolloutNote, RolloutRequest, RolloutRow, SupervisorClient } from "@cantle/supervisor";
import { findSystem } from "../find-system.ts";
import { meantOf } from "../meant.ts";
import { printJson, printTable } from "../output.ts";
import { checkUnits, connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `rollout`. */
export interface RolloutOptions {
  readonly system?: string;
  readonly strategy?: NonNullable<RolloutRequest["strategy"]>;
  readonly steps?: readonly number[];
  readonly stepMs?: number;
  readonly callsMin?: number;
  readonly warmUpMs?: number;
  readonly keepMs?: number;
  readonly timeoutMs?: number;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const actions = ["start", "status", "promote", "abort"] as const;
type Action = (typeof actions)[number];
const heading = ["RELEASE", "NAME", "SHARE", "CALLS", "FAILED", "P50", "P95", "INSTANCES"];
const lookMs = 250;

/** Runs it. Answers with 1 for a rollout that was watched, and rolled back. */
export async function rollout(
  terminal: Terminal,
  options: RolloutOptions,
  ...[word = "status", unit]: readonly (string | undefined)[]
): Promise<number> {
  const action = actionOf(word, unit);
  const { home } = findSystem(terminal, options.system);
  const client = await connectRunning(home);
  if (unit !== undefined) checkUnits([unit], (await client.state()).instances);
  if (unit !== undefined && action !== "status") await act(client, { action, unit, options });
  const rowsNow = async () => (await client.rollouts()).filter((row) => unit === undefined || row.unit === unit);
  const rows = options.watch ? await watched(terminal, rowsNow, options.json ?? false) : await rowsNow();
  show(terminal, rows, options);
  return options.watch && rows.some(({ outcome }) => outcome === "rolled-back") ? 1 : 0;
}

function actionOf(word: string, unit: string | undefined): Action {
  const action = actions.find((each) => each === word);
  if (action === undefined)
    throw new CantleError("USAGE", `'${word}' is nothing that can be done with a rollout`, {
      help: meantOf(word, actions) ?? `it is one of ${actions.join(", ")}`,
    });
  if (unit === undefined && action !== "status")
    throw new CantleError("USAGE", "it is not said which unit", { help: `write rollout ${action} UNIT` });
  return action;
}

interface Asked {
  readonly action: Exclude<Action, "status">;
  readonly unit: string;
  readonly options: RolloutOptions;
}

async function act(client: SupervisorClient, { action, unit, options }: Asked): Promise<void> {
  if (action !== "start") {
    await client.steerRollout(unit, action);
    return;
  }
  const { system: _system, watch: _watch, json: _json, ...request } = options;
  await client.startRollout(unit, request);
}

/** Tells each decision as it is made, until all rollouts have ended. */
async function watched(
  { err, paintErr }: Terminal,
  rowsNow: () => Promise<readonly RolloutRow[]>,
  quiet: boolean,
): Promise<readonly RolloutRow[]> {
  const told = new Map<string, RolloutNote>();
  for (;;) {
    const rows = await rowsNow();
    for (const { unit, notes } of rows) {
      const last = told.get(unit);
      const isLast = ({ at, text }: RolloutNote) => at === last?.at && text === last.text;
      for (const note of notes.slice(notes.findLastIndex(isLast) + 1)) {
        if (!quiet) err(paintErr("dim", `${unit}  ${note.at.slice(11, 19)}  ${note.text}`));
        told.set(unit, note);
      }
    }
    if (rows.every(({ outcome }) => outcome !== null)) return rows;
    await moment(lookMs);
  }
}

function show(terminal: Terminal, rows: readonly RolloutRow[], { json, watch }: RolloutOptions): void {
  if (json) {
    printJson(terminal, { rollouts: rows });
    return;
  }
  const { out, err, paintOut } = terminal;
  if (rows.length === 0) err("there was no rollout since the system started");
  for (const row of rows) {
    const stands = row.outcome === null ? row.stage : row.outcome;
    out(`${paintOut("bold", row.unit)}  ${row.strategy}, ${stands}${row.reason === null ? "" : `: ${row.reason}`}`);
    printTable(terminal, heading, [cellsOf("old", row.old), cellsOf("new", row.new)]);
    if (!watch) for (const { at, text } of row.notes) out(paintOut("dim", `${at.slice(11, 19)}  ${text}`));
  }
}

function cellsOf(release: string, row: ReleaseRow): readonly string[] {
  const { name, share, calls, failed, p50Ms, p95Ms, instances } = row;
  const ms = (value: number | null) => (value === null ? "-" : `${value} ms`);
  return [
    release,
    name,
    `${Math.round(share * 1000) / 10} %`,
    String(calls),
    calls === 0 ? "-" : `${failed} (${Math.round((failed / calls) * 1000) / 10} %)`,
    ms(p50Ms),
    ms(p95Ms),
    instances.map(({ instance, phase }) => `${instance} ${phase}`).join(", "),
  ];
}
