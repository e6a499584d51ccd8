/**
 * Where the output of instances goes, and who may read it again. Attached instances write into pipes, background ones into
 * files; from there on both are the same: lines, the last of them kept, handed to whoever listens.
 */
import { join } from "node:path";
import type { Clock } from "@cantle/core";
import { createLineReader, type LineReader } from "./lines.ts";
import { type LogFile, type LogFileLimits, openLogFile } from "./log-file.ts";
import type { LogLine, LogSink, Mode, ProcessSpec } from "./spec.ts";

/** How many lines of each instance are kept for who asks later. */
export const linesMax = 500;

/** What a process gets for stdout and stderr. */
export type Output =
  | { readonly kind: "pipe"; readonly stdout: LineReader; readonly stderr: LineReader }
  | { readonly kind: "file"; readonly descriptor: number };

/** The output of all instances. */
export interface Outputs {
  /** Opens the output of one process. */
  open(spec: ProcessSpec): Output;
  /** The last lines of one instance, those it wrote a moment ago too. */
  lastOf(instance: string): readonly string[];
  /** The last lines of a unit, or of all, in the order they came. */
  recent(unit?: string): readonly LogLine[];
  /** Calls `sink` with each line from now on, until the returned function is called. */
  follow(sink: LogSink): () => void;
  close(): void;
}

/** What outputs are made with. */
export interface OutputSetting {
  readonly mode: Mode;
  /** The folder of the log files. */
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: LogFileLimits;
}

/** Makes them. */
export function createOutputs({ mode, folder, clock, limits }: OutputSetting): Outputs {
  const kept = new Map<string, Kept[]>();
  const files = new Map<string, LogFile>();
  const sinks = new Set<LogSink>();
  let count = 0;

  function lineOf(spec: ProcessSpec, stream: LogLine["stream"]): (line: string) => void {
    const { unit, instance } = spec;
    const lines = kept.get(instance) ?? [];
    kept.set(instance, lines);
    return (text) => {
      const line = { unit, instance, stream, line: text };
      if (lines.push({ order: count++, line }) > linesMax) lines.shift();
      for (const sink of sinks) sink(line);
    };
  }

  function fileOf(spec: ProcessSpec): LogFile {
    const open =
      files.get(spec.instance) ??
      openLogFile(join(folder, `${spec.instance}.log`), { clock, limits, onLine: lineOf(spec, "file") });
    files.set(spec.instance, open);
    return open;
  }

  return {
    open(spec) {
      if (mode === "background") return { kind: "file", descriptor: fileOf(spec).descriptor };
      const reader = (stream: "stdout" | "stderr") => createLineReader(lineOf(spec, stream));
      return { kind: "pipe", stdout: reader("stdout"), stderr: reader("stderr") };
    },
    lastOf(instance) {
      files.get(instance)?.catchUp();
      return (kept.get(instance) ?? []).map(({ line }) => line.line);
    },
    recent(unit) {
      const lines = [...kept.values()].flat().filter(({ line }) => unit === undefined || line.unit === unit);
      return lines.sort((a, b) => a.order - b.order).map(({ line }) => line);
    },
    follow(sink) {
      sinks.add(sink);
      return () => void sinks.delete(sink);
    },
    close() {
      for (const file of files.values()) file.close();
      files.clear();
    },
  };
}

interface Kept {
  /** Its place among the lines of all instances. */
  readonly order: number;
  readonly line: LogLine;
}
