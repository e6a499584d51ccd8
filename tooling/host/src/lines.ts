/** The log lines of a process that is its own system: kept for `logs`, and passed on to whoever follows. */
import type { LogLine, LogSink } from "@cantle/supervisor";

const linesMax = 1_000;

/** The lines of one process. */
export interface Lines {
  readonly write: (text: string) => void;
  /** The same for one unit of several in this process. */
  readonly writerOf: (unit: string) => (text: string) => void;
  /** The last lines, of a unit or of all. */
  readonly recent: (unit?: string) => readonly LogLine[];
  /** Calls `sink` with each line from now on, until the returned function is called. */
  readonly follow: (sink: LogSink) => () => void;
}

/** An empty record of lines; `onLine` follows from the start. */
export function createLines(unit: string, onLine: LogSink | undefined): Lines {
  const kept: LogLine[] = [];
  const sinks = new Set<LogSink>(onLine ? [onLine] : []);
  const writerOf = (name: string) => (text: string) => {
    for (const line of text.replace(/\n$/, "").split("\n")) {
      const entry: LogLine = { unit: name, instance: `${name}-1`, stream: "stdout", line };
      kept.push(entry);
      if (kept.length > linesMax) kept.shift();
      for (const sink of sinks) sink(entry);
    }
  };
  return {
    write: writerOf(unit),
    writerOf,
    recent: (name) => (name === undefined ? kept : kept.filter((entry) => entry.unit === name)),
    follow(sink) {
      sinks.add(sink);
      return () => void sinks.delete(sink);
    },
  };
}
