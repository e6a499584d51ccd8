/** Where log records go: JSON lines by pino, or short lines for a person at a terminal. */

import { isSecretName, mask } from "@cantle/config";
import { explainError, isCantleError } from "@cantle/core";
import { createLogger, type LogFields, type Logger, type LogLevel } from "@cantle/telemetry";
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
    return createLogger((at, message, { error, service, operation, ...rest }: LogFields) => {
      if (levels.indexOf(at) < least) return;
      const where = [service, operation].filter(Boolean).join(".");
      const { trace: _, ...fields } = masked(rest);
      const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
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
    sink[at](error === undefined ? masked(fields) : { ...masked(fields), error: errorText(error) }, message),
  );
}

/** How deep fields are looked through for secrets; deeper is left out. */
const depthMax = 6;

/** Fields with what is named like a secret (password, token, key …) hidden, as `cantle config` hides it. */
function masked(fields: LogFields): LogFields {
  return hidden(fields, 0) as LogFields;
}

function hidden(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Error) return value;
  if (depth >= depthMax) return "…";
  if (Array.isArray(value)) return value.map((item) => hidden(item, depth + 1));
  const shown = Object.entries(value).map(([name, member]) => [
    name,
    isSecretName(name) && member !== undefined ? mask : hidden(member, depth + 1),
  ]);
  return Object.fromEntries(shown);
}

/** An error for the log: the whole chain, and the stack of what is not one of our own. */
function errorText(error: unknown): string {
  if (isCantleError(error)) return explainError(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}
