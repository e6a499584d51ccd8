/** The telemetry interface that layers speak to. */
export { createLogger, type LogFields, type Logger, type LogLevel, type LogSink, silentLogger } from "./logger.ts";
export type { Direction, EndedCall, Note, Observer } from "./observer.ts";
