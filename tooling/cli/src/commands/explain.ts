/** `cantle explain`: what a code of the closed table means. */
import { existsSync, readFileSync } from "node:fs";
import { CantleError, type Code, codes, isCode } from "@cantle/core";
import { meantOf } from "../meant.ts";
import { printJson, printTable } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `explain`. */
export interface ExplainOptions {
  readonly json?: boolean;
}

/** Runs it. Without a code: all of them. */
export async function explain(terminal: Terminal, options: ExplainOptions, named?: string): Promise<number> {
  if (named === undefined) {
    if (options.json) printJson(terminal, codes);
    else printAll(terminal);
    return 0;
  }
  const code = readCode(named);
  if (options.json) printJson(terminal, { code, ...codes[code] });
  else for (const line of linesOf(code, referencePage())) terminal.out(line);
  return 0;
}

/** A code as people write it: `port-busy`, `error[PORT_BUSY]`. Throws `USAGE` for what is none. */
export function readCode(text: string): Code {
  const code = text
    .replace(/^error\[(.*)\]:?$/, "$1")
    .toUpperCase()
    .replaceAll("-", "_");
  if (isCode(code)) return code;
  throw new CantleError("USAGE", `'${text}' is not a code`, {
    help: meantOf(code, Object.keys(codes)) ?? "see them all with `cantle explain`",
  });
}

/** The section of a code in the reference, or what the table says where there is no reference. */
export function linesOf(code: Code, page: string | undefined): readonly string[] {
  const section = page?.split(/^## /m).find((part) => part.startsWith(`${code}\n`));
  if (section !== undefined) return section.trimEnd().split("\n");
  const { meaning, status, exit, retry } = codes[code];
  const shown = status === undefined ? "none; it appears before anything listens" : String(status);
  return [code, "", meaning, "", `- HTTP status: ${shown}`, `- Exit code: ${exit}`, `- Retried: ${retry}`];
}

/** The reference is a part of the repository, not of the package: beside the compiled program there is none. */
function referencePage(): string | undefined {
  const page = new URL("../../../../docs/reference/errors.md", import.meta.url);
  return import.meta.filename.endsWith(".ts") && existsSync(page) ? readFileSync(page, "utf8") : undefined;
}

function printAll(terminal: Terminal): void {
  const rows = Object.entries(codes).map(([code, { status, exit, meaning }]) => [
    code,
    status === undefined ? "-" : String(status),
    String(exit),
    meaning,
  ]);
  printTable(terminal, ["CODE", "STATUS", "EXIT", "MEANING"], rows);
}
