/**
 * Starting a system that outlives this process: the same program once more, detached, in a process group of its own and with
 * a log file for what it says. It reports over a channel until it is ready; then the two part.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CantleError } from "@cantle/core";
import type { BackgroundMessage, BackgroundOrder } from "./background.ts";
import type { StartRequest } from "./start-request.ts";
import type { Terminal } from "./terminal.ts";

const program = fileURLToPath(new URL("./background.ts", import.meta.url));

/** Resolves when it is ready, with 0, or when it could not be started, with its exit code. */
export async function startInBackground(terminal: Terminal, request: StartRequest): Promise<number> {
  const log = logFile(request.home);
  // Until it is ready it is still ours: Ctrl-C stops it as it would in the foreground.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let isBrokenOff = false;
  const forward = (signal: NodeJS.Signals) => {
    isBrokenOff = true;
    child.kill(signal);
  };
  // Before it is spawned: one that comes in between would end us, and leave it to itself.
  for (const signal of signals) process.on(signal, forward);
  const child = launch(terminal, log);
  const order: BackgroundOrder = {
    request,
    coloured: { out: terminal.paintOut("dim", "") !== "", err: terminal.paintErr("dim", "") !== "" },
  };
  child.send(order);
  try {
    return await untilReady(terminal, child, log);
  } catch (error) {
    // A signal that came before the program could listen for it has ended it: nothing runs yet.
    if (!isBrokenOff) throw error;
    terminal.err(terminal.paintErr("dim", "the start is broken off"));
    return 0;
  } finally {
    for (const signal of signals) process.off(signal, forward);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function logFile(home: string): string {
  const logs = join(home, ".cantle", "logs");
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    chmodSync(logs, 0o700);
  } catch (cause) {
    throw new CantleError("FOLDER_UNUSABLE", "the system's folder cannot be written to", {
      place: logs,
      cause,
      help: "let this user write there, or choose another folder with CANTLE_HOME",
    });
  }
  return join(logs, "system.log");
}

function launch({ cwd, env }: Terminal, log: string): ChildProcess {
  const descriptor = openSync(log, "a", 0o600);
  try {
    return spawn(process.execPath, [...process.execArgv, program], {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ["ignore", descriptor, descriptor, "ipc"],
    });
  } finally {
    closeSync(descriptor);
  }
}

function untilReady(terminal: Terminal, child: ChildProcess, log: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("message", (message: BackgroundMessage) => {
      if (message.kind === "ready") resolve(0);
      else terminal[message.kind](message.line);
    });
    child.on("error", reject);
    // Its last words may arrive after the news of its end, and before the end of the channel.
    child.on("disconnect", () => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        if (code !== null) return resolve(code);
        reject(new CantleError("INTERNAL", `the background process was ended by ${signal}`, { place: log }));
      };
      if (child.exitCode === null && child.signalCode === null) child.once("exit", end);
      else end(child.exitCode, child.signalCode);
    });
  });
}
