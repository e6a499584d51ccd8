/** `cantle logs`: the last lines that instances wrote, and with `--follow` those to come. */
import process from "node:process";
import { findSystem } from "../find-system.ts";
import { createLineFormat } from "../log-lines.ts";
import { checkUnits, connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `logs`. */
export interface LogsOptions {
  readonly system?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Runs it. Ctrl-C is how a follower ends, and no failure. */
export async function logs(terminal: Terminal, options: LogsOptions, unit?: string): Promise<number> {
  const { home } = findSystem(terminal, options.system);
  const client = await connectRunning(home);
  if (unit !== undefined) checkUnits([unit], (await client.state()).instances);
  const format = createLineFormat(terminal.paintOut);
  const follow = options.follow ?? false;
  if (follow) process.once("SIGINT", () => process.exit(0));
  for await (const line of client.logs({ ...(unit !== undefined && { unit }), follow })) {
    terminal.out(options.json ? JSON.stringify(line) : format(line));
  }
  return 0;
}
