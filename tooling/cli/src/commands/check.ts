/** `cantle check`: everything that is wrong with a system and can be known before it runs, at once. */
import { asCantleError, type CantleError, explainError } from "@cantle/core";
import { loadSystem, type Settings } from "@cantle/host";
import { printError } from "../failure.ts";
import { findSystem } from "../find-system.ts";
import { findingsIn } from "../findings.ts";
import { counted, printJson } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `check`. */
export interface CheckOptions {
  readonly system?: string;
  readonly profile?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

const invalidExit = 3;

/** Runs it. */
export async function check(terminal: Terminal, options: CheckOptions): Promise<number> {
  const { file, folder, home } = findSystem(terminal, options.system);
  const { profile, set } = options;
  const findings = await findAll(file, { folder, home, env: terminal.env, profile, set });
  if (options.json) printJson(terminal, { ok: findings.length === 0, findings: findings.map(factsOf) });
  else tell(terminal, findings);
  return findings.length === 0 ? 0 : invalidExit;
}

async function findAll(file: string, settings: Settings): Promise<readonly CantleError[]> {
  try {
    return await findingsIn(await loadSystem(file), settings);
  } catch (error) {
    // Without the system there is nothing else to look at.
    return [asCantleError(error)];
  }
}

function tell(terminal: Terminal, findings: readonly CantleError[]): void {
  const { out, err, paintOut } = terminal;
  for (const finding of findings) {
    printError(terminal, explainError(finding));
    err("");
  }
  out(
    findings.length === 0
      ? paintOut("green", "no mistakes found")
      : paintOut("red", counted(findings.length, "mistake")),
  );
}

function factsOf({ code, message, place, help, errors }: CantleError): object {
  return { code, message, place: place ?? null, help: help ?? null, errors: errors ?? null };
}
