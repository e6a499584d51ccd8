/**
 * What the supervisor is told, and what it tells: the words of the whole package. Plain data; nothing here knows what a
 * service or a contract is.
 */
import type { Code } from "@cantle/core";
import type { Enforcement, Enforcements, ProcessLimits, Resource } from "./confinement/limits.ts";
import type { KeepingEvent } from "./kept-files.ts";
import type { LoadRates, LoadReport } from "./load.ts";
import type { ScalingChange } from "./scaling/change.ts";

/**
 * How the instances relate to the supervisor's own life.
 * `attached`: they end with it, however it ended. `background`: they outlive it, and write to log files.
 */
export type Mode = "attached" | "background";

/** One start of an instance, as its handover sees it. */
export interface ProcessStart {
  readonly unit: string;
  readonly instance: string;
  /** 1 for the first start of the instance since the system was started; no two starts have the same. */
  readonly generation: number;
}

/** One process to keep running. */
export interface ProcessSpec {
  /** The unit it is a copy of. */
  readonly unit: string;
  /** Its name, unique in the system: `articles-1`. Letters, digits, `.`, `_` and `-`; it names a log file. */
  readonly instance: string;
  /** A program; no shell reads it. */
  readonly command: string;
  readonly args: readonly string[];
  /**
   * Goes over the supervisor's own `env`; what is undefined here is withheld. Anybody of this user can read it: secrets belong in
   * `handover`.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** How long it may take to say that it is ready. Too short: a slow machine never starts; too long: a hang is seen late. */
  readonly readyTimeoutMs: number;
  /** How long it may drain before it is killed. Not below the longest deadline of the calls it serves. */
  readonly drainTimeoutMs: number;
  /**
   * How long it may say nothing, once it is ready, before it is ended and started again; default 10,000. Too short: a slow
   * one is taken for dead; too long: a dead one is in the way.
   */
  readonly stalledAfterMs?: number;
  /** Units of which an instance must be ready before this one is spawned. */
  readonly dependsOnReady?: readonly string[];
  /** Higher tiers stop first, a tier at once; default 0. What a unit depends on always stops after it. */
  readonly tier?: number;
  /** Anything that changes when the same command means another program: a hash of its sources, of its handover. */
  readonly revision?: string;
  /** A short name for that program, for its instances to say; never compared. */
  readonly release?: string;
  /** What it may take of the machine, as far as that can be enforced here; `InstanceRow.limits` says how far. */
  readonly limits?: ProcessLimits;
  /**
   * True where a new process of it can be ready beside the old one; default: where its unit has several. Not where both would
   * want one port or one file.
   */
  readonly overlap?: boolean;
  /**
   * True for a process that puts new workers in its own place when it is told to: a restart asks it to, and does not end it. For
   * what two processes cannot share, such as a port.
   */
  readonly renewable?: boolean;
  /** Makes what the instance is told first, over its private channel; JSON data. Called at every start. */
  readonly handover?: (start: ProcessStart) => unknown;
}

/** Where an instance stands. */
export type InstanceState =
  /** Not spawned: a unit it depends on is not ready. */
  | "blocked"
  | "starting"
  | "ready"
  | "draining"
  /** It ended; the next start waits for its back-off. */
  | "backing-off"
  /** It ended several times in a row; still being restarted, ever more slowly. */
  | "crash-loop"
  /** It said why it cannot run, and a restart cannot mend it. */
  | "failed"
  | "stopped";

/** Why an instance is not running: a code, and the whole error as text for a terminal. */
export interface InstanceError {
  readonly code: Code;
  readonly text: string;
}

/** One row of `ps`; absent facts are null, so that every row has the same members. */
export interface InstanceRow {
  readonly unit: string;
  readonly instance: string;
  readonly pid: number | null;
  readonly state: InstanceState;
  readonly addresses: readonly string[];
  readonly services: readonly string[];
  /** How often it was started again since the supervisor started, or took it over. */
  readonly restarts: number;
  /** When its process was spawned, ISO 8601. */
  readonly startedAt: string | null;
  /** The last failure, kept after a restart mended it. */
  readonly lastError: InstanceError | null;
  /** How busy it was in the last second; null until it has said so twice. */
  readonly load: LoadRates | null;
  /** How far its limits hold, by resource; null where it has none, or does not run. */
  readonly limits: Enforcements | null;
}

/** What one process of an instance reported last. */
export interface InstanceLoad {
  readonly unit: string;
  readonly instance: string;
  /** Tells apart the processes of one instance, as their counters begin anew. */
  readonly generation: number;
  /** When it came, ms of the supervisor's monotonic clock. */
  readonly heardMs: number;
  readonly report: LoadReport;
}

/** What happened to an instance. */
export type InstanceEvent = { readonly unit: string; readonly instance: string } & (
  | { readonly kind: "spawned"; readonly pid: number }
  | {
      readonly kind: "ready";
      readonly addresses: readonly string[];
      readonly services: readonly string[];
      readonly afterMs: number;
    }
  /** It was ready already when this supervisor came, and goes on. */
  | {
      readonly kind: "adopted";
      readonly pid: number;
      readonly addresses: readonly string[];
      readonly services: readonly string[];
    }
  /** A limit that it has is not enforced here; told once for each resource, with the first instance that has one. */
  | {
      readonly kind: "unenforced";
      readonly resource: Resource;
      readonly enforcement: Enforcement;
      readonly why: string;
    }
  /** A process of it has ended; `left` when it was asked to and was not killed, so that it has told others itself. */
  | { readonly kind: "ended"; readonly generation: number; readonly left: boolean }
  /** It ended, or must. `retryInMs` is null where a restart cannot mend it. */
  | {
      readonly kind: "failed";
      readonly error: InstanceError;
      readonly retryInMs: number | null;
      readonly crashLoop: boolean;
    }
  /** A new process of it did not become ready; the one before it goes on. */
  | { readonly kind: "replacement-failed"; readonly error: InstanceError }
  | { readonly kind: "draining" }
  /** It did not end within its drain time. */
  | { readonly kind: "killed" }
  | { readonly kind: "stopped" }
  /** A process that an earlier supervisor left behind was ended. */
  | { readonly kind: "leftover-stopped"; readonly pid: number }
);

/** What was decided about a unit. */
export type UnitEvent = { readonly unit: string } /** It is to have another number of instances. */ & (
  | ({ readonly kind: "scaled" } & ScalingChange)
  /** Its rollout went on. */
  | { readonly kind: "rollout"; readonly text: string }
);

/** What a supervisor tells. */
export type SupervisorEvent = InstanceEvent | UnitEvent | KeepingEvent;

/** One line that an instance wrote; control characters are visible, colours are kept. */
export interface LogLine {
  readonly unit: string;
  readonly instance: string;
  /** `file` in the background, where both streams go to one file in the order they were written. */
  readonly stream: "stdout" | "stderr" | "file";
  readonly line: string;
}

/** Takes the lines that instances write. */
export type LogSink = (line: LogLine) => void;
