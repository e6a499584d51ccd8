/** How a command fails: the error on stderr, in the manner of rustc, and the exit code that its code has. */
import { codes, explainError, isCantleError, plain } from "@cantle/core";
import type { Paint } from "./colours.ts";
import type { Terminal } from "./terminal.ts";

/** The exit code of a mistake of ours. */
const bugExit = 9;

/** The exit code of whatever was thrown. */
export function exitOf(error: unknown): number {
  return isCantleError(error) ? codes[error.code].exit : bugExit;
}

/** Prints what was thrown; answers with the exit code. */
export function printFailure(terminal: Terminal, error: unknown): number {
  printError(terminal, explainError(error));
  const exit = exitOf(error);
  if (exit === bugExit) {
    for (const line of stackOf(error)) terminal.err(terminal.paintErr("dim", line));
    terminal.err("  help: this is a bug in Cantle; please report it, with everything above");
  }
  return exit;
}

/** Prints an error that is text already, as instances tell of theirs. */
export function printError({ err, paintErr }: Terminal, text: string): void {
  err(paintedError(text, paintErr));
}

/** An explained error with its signposts coloured. */
export function paintedError(text: string, paint: Paint): string {
  return text
    .replace(/^error(\[\w+\])?:/, (sign) => paint(["bold", "red"], sign))
    .replace(/^ {2}(-->|cause:|note:|help:)/gm, (_, sign: string) => `  ${paint(["bold", "cyan"], sign)}`);
}

function stackOf(error: unknown): readonly string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map(plain);
}
