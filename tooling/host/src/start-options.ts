/** What a system is started with, and what is left in hand when it runs: the face of the host to the command line and to tests. */
import type { Running } from "@cantle/core";
import type { InstanceRow, LogLine, SupervisorEvent } from "@cantle/supervisor";
import type { System } from "@cantle/system";

/** What a system is started with. */
export interface StartOptions {
  /** The file that exports the system by default. */
  readonly file: string;
  /** `one`, `each`, `threads`, `http`, `units` (default) or one of the system's own placements. */
  readonly placement?: string | undefined;
  /** The gateway's address; default 127.0.0.1. */
  readonly host?: string | undefined;
  /** The gateway's port; default 8080, 0 takes a free one. */
  readonly port?: number | undefined;
  /** `key=value` assignments of configuration, in order. */
  readonly set?: readonly string[] | undefined;
  readonly profile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `attached`: units end with this process. `background`: they outlive it. Default `attached`. */
  readonly mode?: "attached" | "background" | undefined;
  /** Makes everything that services run in restartable, for `reload`: with `one` they share a process of their own. */
  readonly watch?: boolean | undefined;
  /** Breaks the start off: what was started is stopped, and the start rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: SupervisorEvent) => void;
  readonly onLine?: (line: LogLine) => void;
}

/** A system that runs. */
export interface RunningSystem extends Running {
  readonly system: System;
  /** Where it is reached: `{ gateway: "http://127.0.0.1:8080" }`. */
  readonly addresses: Readonly<Record<"gateway", string>>;
  /** One row for each instance; services that failed are among them, with their error. */
  list(): readonly InstanceRow[];
  /** Starts the instances of a unit again, one by one. */
  restart(unit: string): Promise<readonly InstanceRow[]>;
  /**
   * Restarts the units that run any of these source files, and no others; answers with their names. What runs in this very
   * process is left alone: all of `one`, and of `threads` the platform's own part.
   */
  reload(files: readonly string[]): Promise<readonly string[]>;
  /** Ends at once, without draining. */
  kill(): Promise<void>;
  /** Resolves when it has stopped, whoever asked for it (a signal, `cantle stop`). */
  readonly stopped: Promise<void>;
}
