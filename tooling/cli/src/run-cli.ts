/** One command line, from its words to its exit code. Nothing is thrown: what goes wrong is printed. */
import process from "node:process";
import type { Command } from "commander";
import { printFailure } from "./failure.ts";
import { checkNode } from "./node-version.ts";
import { createProgram } from "./program.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { isShown, usageError } from "./usage.ts";

/**
 * Runs a command line and answers with its exit code; whoever calls ends the process with it.
 *
 * @example process.exit(await runCli(["start", "--port", "0"]));
 */
export async function runCli(words: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    checkNode(process.version);
    let exit = 0;
    const program = createProgram({
      terminal,
      finish: (code) => {
        exit = code;
      },
    });
    prepare(program, terminal);
    await program.parseAsync(meantBy(words), { from: "user" });
    return exit;
  } catch (error) {
    return isShown(error) ? 0 : printFailure(terminal, error);
  }
}

/** Nothing is a call for help, and `cantle help ps` another way to say `cantle ps --help`. */
function meantBy(words: readonly string[]): readonly string[] {
  if (words.length === 0) return ["--help"];
  return words[0] === "help" ? [...words.slice(1), "--help"] : words;
}

/** Commander shall neither end the process nor print errors itself, and use the colours of the terminal. */
function prepare(command: Command, terminal: Terminal): void {
  const { out, err, paintOut } = terminal;
  command
    .exitOverride((error) => {
      throw isShown(error) ? error : usageError(error, command);
    })
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      // Help that is shown because something is missing.
      writeErr: (text) => err(text.trimEnd()),
      outputError: () => {},
      getOutHasColors: () => paintOut("dim", "") !== "",
    })
    .configureHelp({
      styleTitle: (text) => paintOut("bold", text),
      styleCommandText: (text) => paintOut("cyan", text),
      styleOptionText: (text) => paintOut("cyan", text),
      styleArgumentText: (text) => paintOut("cyan", text),
      subcommandTerm: (subcommand) => subcommand.name(),
    });
  for (const subcommand of command.commands) prepare(subcommand, terminal);
}
