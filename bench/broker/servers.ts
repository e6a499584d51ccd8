/** Servers that are contestants where they are installed: found in PATH, started in a folder of their own, stopped by their process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../harness/free-port.ts";

/** A server that listens. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Where a program is; undefined where it is not installed. */
export function findServer(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find(canRun);
}

/** Starts one, and resolves when it listens. */
export async function startServer(
  name: string,
  args: (port: number, folder: string) => readonly string[],
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const port = await freePort();
  const child = spawn(findServer(name)!, args(port, folder), { stdio: "ignore", cwd: folder });
  await listening(child, port);
  return {
    port,
    pid: child.pid!,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A NATS server with JetStream on files. */
export function startNats(): Promise<Server> {
  return startServer("nats-server", (port, folder) => [
    ...["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder],
  ]);
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 500 && child.exitCode === null; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
  throw new Error("the server does not listen");
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
