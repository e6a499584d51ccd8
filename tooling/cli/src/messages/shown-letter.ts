/** How a dead letter is shown: every attempt with its error and trace, and its message. */
import { plain } from "@cantle/core";
import type { DeadLetter } from "@cantle/messaging";
import { counted, tableOf } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { dataText, printMessage, type ShownMessage, shownMessage } from "./shown-message.ts";

/** One attempt as `--json` prints it. */
export interface ShownAttempt {
  /** 1 for the first; engines keep so many of the last ones. */
  readonly attempt: number;
  readonly at: string;
  readonly code: string;
  readonly message: string;
  readonly traceId: string | null;
}

/** A dead letter as `--json` prints it. */
export interface ShownLetter {
  readonly id: string;
  /** When it was given up. */
  readonly at: string;
  readonly attempts: number;
  readonly failures: readonly ShownAttempt[];
  readonly message: ShownMessage;
}

/** Reads a letter. */
export function shownLetter({ id, at, attempts, failures, message }: DeadLetter): ShownLetter {
  const before = attempts - failures.length;
  const shown = failures.map(({ traceId = null, ...failure }, index) => ({
    attempt: before + index + 1,
    at: failure.at,
    code: failure.code,
    message: failure.message,
    traceId,
  }));
  return { id, at, attempts, failures: shown, message: shownMessage(message) };
}

/** Prints a letter whole. */
export function printLetter(terminal: Terminal, letter: ShownLetter): void {
  const { out, paintOut } = terminal;
  const { id, at, attempts, failures, message } = letter;
  out(`${paintOut("bold", plain(id))}  given up ${at} after ${counted(attempts, "attempt")}`);
  const rows = failures.map((each) => [
    String(each.attempt),
    each.at,
    plain(each.code),
    each.traceId ?? "-",
    plain(each.message),
  ]);
  for (const line of tableOf(["ATTEMPT", "TIME", "CODE", "TRACE", "ERROR"], rows)) out(`  ${line}`);
  printMessage(terminal, message);
}

/** Prints a letter in two lines: what failed last, and its data. */
export function printLetterShortly({ out, paintOut }: Terminal, { id, at, attempts, failures, message }: ShownLetter) {
  const { code = "unknown", message: why = "" } = failures.at(-1) ?? {};
  const facts = `${at}  id ${message.id}  ${counted(attempts, "attempt")}  ${code}: ${why}`;
  out(`${paintOut("bold", plain(id))}  ${paintOut("dim", plain(facts))}`);
  out(`  ${dataText(message)}`);
}
