/** The log of a test: kept, not printed, and shown when the test fails. */
import { explainError, isCantleError } from "@cantle/core";
import { createLogger, type LogFields, type Logger } from "@cantle/telemetry";

/** What is asked of the context that `node:test` gives a test, or of anything else that can say the same. */
export interface TestContextLike {
  /** Runs something when the test has ended. */
  after(task: () => void | Promise<void>): void;
  /** Whether it succeeded; certain in what `after` runs. Absent: nobody knows, and the log is not shown. */
  readonly passed?: boolean | undefined;
  /** Shows a line with the test's result. */
  diagnostic(message: string): void;
}

/** A log that is kept. */
export interface KeptLog {
  readonly log: Logger;
  /** The latest lines, oldest first. */
  lines(): readonly string[];
}

/** More than anybody reads of a failed test; a test that logs in a loop stays small. */
const linesMax = 1_000;

/** A logger that keeps what it is told, and passes it on to `also`. */
export function keepLog(also: Logger | undefined): KeptLog {
  const kept: string[] = [];
  const log = createLogger((level, message, fields) => {
    kept.push(lineOf(level, message, fields));
    if (kept.length > linesMax) kept.shift();
    also?.[level](message, fields);
  });
  return { log, lines: () => [...kept] };
}

function lineOf(level: string, message: string, { error, service, operation, trace: _, ...more }: LogFields): string {
  const where = [service, operation].filter(Boolean).join(".");
  const rest = Object.keys(more).length > 0 ? ` ${JSON.stringify(more)}` : "";
  return `${level}: ${where && `[${where}] `}${message}${rest}${error === undefined ? "" : `\n${textOf(error)}`}`;
}

/** The whole chain, and the stack of what is not one of our own. */
function textOf(error: unknown): string {
  if (isCantleError(error))
    return [explainError(error), stackOf(error.cause)].filter((text) => text !== undefined).join("\n");
  return stackOf(error) ?? String(error);
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error && !isCantleError(error) ? error.stack : undefined;
}
