/** Where log records go: JSON lines by pino, or short lines for a person at a terminal. */
import { explainError, isCantleError } from "@cantle/core";
import { createLogger, type Logger, type LogLevel } from "@cantle/telemetry";
import { pino } from "pino";

/** How to log. */
export interface LogOptions {
  /** `LOG_LEVEL`; default `info`. */
  readonly level?: string | undefined;
  readonly pretty: boolean;
  readonly write: (line: string) => void;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The logger of a process. */
export function processLogger({ level = "info", pretty, write }: LogOptions): Logger {
  const least = Math.max(0, levels.indexOf(level as LogLevel));
  if (pretty) {
    return createLogger((at, message, { error, service, operation, ...rest }) => {
      if (levels.indexOf(at) < least) return;
      const where = [service, operation].filter(Boolean).join(".");
      const more = Object.keys(rest).length > 0 && at !== "info" ? ` ${JSON.stringify(rest)}` : "";
      write(
        `${at === "info" ? "" : `${at}: `}${where ? `[${where}] ` : ""}${message}${more}\n${error === undefined ? "" : `${indent(errorText(error))}\n`}`,
      );
    });
  }
  const sink = pino(
    {
      level: levels[least] as string,
      base: null,
      messageKey: "message",
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return createLogger((at, message, { error, ...fields }) =>
    sink[at](error === undefined ? fields : { ...fields, error: errorText(error) }, message),
  );
}

/** An error for the log: the whole chain, and the stack of what is not one of our own. */
function errorText(error: unknown): string {
  if (isCantleError(error)) return explainError(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}
