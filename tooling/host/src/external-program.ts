/**
 * A program in any language as a child process: spawned without a shell, ended with SIGTERM, and with SIGKILL when it takes
 * too long.
 *
 * Where a supervisor minds the process group of this process, the program stays in that group and ends with it. Where none
 * does, it leads a group of its own, and a guard ends that group should this process be killed.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { CantleError, type Clock, type Running } from "@cantle/core";
import { guardGroup } from "./external-guard.ts";

/** Takes what one stream of a program says. */
export interface OutputReader {
  write(bytes: Uint8Array): void;
  end(): void;
}

/** Where the program's output goes: where this process's goes, or to readers, one for each of its two streams. */
export type ProgramOutput = "inherit" | (() => OutputReader);

/** What is started. */
export interface ProgramOptions {
  /** Its name in errors. */
  readonly service: string;
  /** Where it is written down: `system("shop").services.weather`. */
  readonly place: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: ProgramOutput;
  /** True where a supervisor minds this process's group. */
  readonly minded: boolean;
  readonly clock: Clock;
}

/** A program that runs. `stop` resolves when it has ended. */
export interface Program extends Running {
  /** Resolves when it has ended, with how; never rejects. */
  readonly ended: Promise<CantleError>;
}

/** What a program has between SIGTERM and SIGKILL. Below the supervisor's own patience of 15 s. */
const graceMs = 10_000;

/** Starts a program. Throws `COMMAND_MISSING`, or `CONFIG_INVALID` when there is no such folder. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { minded, clock, env, service, place } = options;
  const child = await spawned(options);
  const pid = child.pid as number;
  const release = minded ? endWithProcess(child) : guardGroup(pid, env);
  const ended = new Promise<CantleError>((resolve) => {
    child.once("exit", (exit, name) => {
      // What it left in its group goes with it; in a minded group that is the supervisor's to do.
      if (!minded) killGroup(pid);
      release();
      const how = name === null ? `with exit code ${exit}` : `by ${name}`;
      resolve(new CantleError("INSTANCE_CRASHED", `the program of '${service}' ended ${how}`, { place }));
    });
  });
  return {
    ended,
    async stop() {
      child.kill("SIGTERM");
      const timer = clock.after(graceMs, () => child.kill("SIGKILL"));
      await ended;
      timer.cancel();
    },
  };
}

async function spawned(options: ProgramOptions): Promise<ChildProcess> {
  const { command, cwd, env, output, minded } = options;
  const [file = "", ...args] = command;
  const stdio: StdioOptions = output === "inherit" ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"];
  const child = spawn(file, args, { cwd, env, stdio, detached: !minded });
  if (output !== "inherit") for (const stream of [child.stdout, child.stderr]) read(stream, output());
  await new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => reject(notStarted(options, cause)));
  });
  // Also emitted for a signal that did not arrive; then the end of the program tells the rest.
  child.on("error", () => {});
  return child;
}

function read(stream: Readable | null, reader: OutputReader): void {
  stream?.on("data", (bytes: Uint8Array) => reader.write(bytes)).once("end", () => reader.end());
}

/** The system says ENOENT for a missing program and a missing folder alike; a user needs to know. */
function notStarted({ command, cwd, service, place }: ProgramOptions, cause: NodeJS.ErrnoException): CantleError {
  if (!existsSync(cwd))
    return new CantleError("CONFIG_INVALID", `the folder '${cwd}' of '${service}' does not exist`, {
      place: `${place}.cwd`,
      help: "it is relative to the system's file",
    });
  if (cause.code === "ENOENT")
    return new CantleError("COMMAND_MISSING", `the command '${command[0]}' of '${service}' does not exist`, {
      place: `${place}.command`,
      help: "install it, or write its whole path",
    });
  return new CantleError("CONFIG_INVALID", `the program of '${service}' cannot be started`, {
    place: `${place}.command`,
    cause,
  });
}

/** Ends a program when this process exits; when this process is killed, its group is. */
function endWithProcess(child: ChildProcess): () => void {
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  return () => void process.removeListener("exit", end);
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}
