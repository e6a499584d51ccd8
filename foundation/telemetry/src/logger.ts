/** Logs: the interface that services and layers write to. What becomes of a record is the host's business. */

/** Levels in rising order of weight. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Members of a record besides its message; values are JSON data or errors. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes records. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose records all have these fields. */
  with(fields: LogFields): Logger;
}

/** Where records go. */
export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void;

/** A logger that hands each record to a sink. */
export function createLogger(sink: LogSink, fields: LogFields = {}): Logger {
  const at = (level: LogLevel) => (message: string, more?: LogFields) =>
    sink(level, message, more === undefined ? fields : { ...fields, ...more });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createLogger(sink, { ...fields, ...more }),
  };
}

/** A logger that forgets. */
export const silentLogger: Logger = createLogger(() => {});
