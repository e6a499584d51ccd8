/** The telemetry interface that layers speak to. */
export { createLogger, type Logger, type LogFields, type LogLevel, type LogSink, silentLogger } from "./logger.ts";
export type { Direction, EndedCall, Observer } from "./observer.ts";
