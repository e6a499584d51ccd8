/** `cantle doctor`: whether this machine and folder can run a system, a line for each thing that matters. */
import { resolve } from "node:path";
import { isCantleError } from "@cantle/core";
import { examine, type Health } from "../health.ts";
import { printJson } from "../output.ts";
import { type StartArguments, startRequest } from "../start-request.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `doctor`. */
export interface DoctorOptions {
  readonly system?: string;
  readonly port?: number;
  readonly json?: boolean;
}

const environmentExit = 5;

/** Runs it. It needs no system; without one it looks at the current folder. */
export async function doctor(terminal: Terminal, options: DoctorOptions): Promise<number> {
  const found = await examine(patientOf(terminal, options));
  const ok = found.every((health) => health.ok);
  if (options.json) printJson(terminal, { ok, checks: found });
  else for (const health of found) tell(terminal, health);
  return ok ? 0 : environmentExit;
}

function patientOf(terminal: Terminal, options: StartArguments) {
  const { cwd, env } = terminal;
  try {
    const { home, host = "127.0.0.1", port } = startRequest(terminal, options);
    return { home, host, port };
  } catch (error) {
    if (options.system !== undefined || !isCantleError(error) || error.place === "PORT") throw error;
    return { home: resolve(cwd, env.CANTLE_HOME || "."), host: "127.0.0.1", port: options.port ?? 8080 };
  }
}

function tell({ out, paintOut }: Terminal, { name, ok, found, help }: Health): void {
  const mark = ok ? paintOut("green", "✓") : paintOut("red", "✗");
  out(`${mark} ${name.padEnd(9)}  ${found}`);
  if (help !== null) out(`  ${"".padEnd(9)}  ${paintOut("cyan", "help:")} ${help}`);
}
