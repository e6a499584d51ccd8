/** `cantle start`: runs a system here until it is told to stop, or leaves it running in the background. */
import { startInBackground } from "../background-start.ts";
import { createLineFormat } from "../log-lines.ts";
import { type StartArguments, startRequest } from "../start-request.ts";
import { stay } from "../stay.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `start`. */
export interface StartCommand extends StartArguments {
  readonly background?: boolean;
}

/** Runs it. */
export async function start(terminal: Terminal, options: StartCommand, named?: string): Promise<number> {
  const request = startRequest(terminal, options, named);
  if (options.background) return startInBackground(terminal, request);
  const format = createLineFormat(terminal.paintErr);
  return stay(terminal, request, { mode: "attached", onLine: (line) => terminal.err(format(line)) });
}
