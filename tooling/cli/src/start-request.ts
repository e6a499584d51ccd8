/** What `start` and `dev` were asked for, read from the command line and the environment: plain data, so it can be handed on. */
import { resolve } from "node:path";
import { CantleError } from "@cantle/core";
import { findSystem } from "./find-system.ts";
import type { Terminal } from "./terminal.ts";

/** How a system is to be started. */
export interface StartRequest {
  /** The file that exports the system. */
  readonly file: string;
  readonly folder: string;
  /** Where its state is. */
  readonly home: string;
  readonly placement: string | undefined;
  readonly host: string | undefined;
  readonly port: number;
  readonly set: readonly string[];
  readonly profile: string | undefined;
  /** Where to say that it is ready, as an absolute path. */
  readonly readyFile: string | undefined;
  readonly json: boolean;
}

/** The options of `start` and `dev`, as they were given. */
export interface StartArguments {
  readonly system?: string;
  readonly units?: string;
  readonly port?: number;
  readonly host?: string;
  readonly readyFile?: string;
  readonly set?: readonly string[];
  readonly profile?: string;
  readonly json?: boolean;
}

const portDefault = 8080;

/** The request. `named` is a system given without `--system`. Options are stronger than `PORT` and `HOST`. */
export function startRequest({ cwd, env }: Terminal, options: StartArguments, named?: string): StartRequest {
  const { units, port, host, readyFile, set = [], profile, json = false } = options;
  return {
    ...findSystem({ cwd, env }, named ?? options.system),
    placement: units,
    host: host ?? (env.HOST || undefined),
    port: port ?? portOf(env.PORT) ?? portDefault,
    set,
    profile,
    readyFile: readyFile === undefined ? undefined : resolve(cwd, readyFile),
    json,
  };
}

/** Reads a port; undefined for what is none. 0 asks for a free one. */
export function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

function portOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const port = readPort(text);
  if (port === undefined) {
    throw new CantleError("USAGE", `'${text}' is not a port`, {
      place: "PORT",
      help: "set it to a number from 0 to 65535, or take it out of the environment",
    });
  }
  return port;
}
