/** nginx with one worker: `proxy_pass` with kept-alive connections and no log. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { familyOf } from "../harness/cpu.ts";
import { freePort } from "../harness/free-port.ts";
import type { Part } from "../harness/part.ts";

/** Where nginx is; undefined where it is not installed. */
export function findNginx(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, "nginx")).find(canRun);
}

/** Listens in front of `upstream`. */
export async function listen(upstream: string): Promise<Part> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const port = await freePort();
  await mkdir(join(folder, "logs"));
  await writeFile(join(folder, "nginx.conf"), config(folder, port, new URL(upstream).host));
  const nginx = spawn(findNginx()!, ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")], {
    stdio: "inherit",
  });
  await listening(nginx, port);
  return {
    url: `http://127.0.0.1:${port}`,
    pids: familyOf(nginx.pid!),
    async stop() {
      nginx.kill("SIGTERM");
      if (nginx.exitCode === null) await once(nginx, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function config(folder: string, port: number, upstream: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr error;
    events { worker_connections 1024; }
    http {
      access_log off; keepalive_requests 100000000; ${temporary.join(" ")}
      upstream service { server ${upstream}; keepalive 64; keepalive_requests 100000000; }
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }
      }
    }`;
}

async function listening(nginx: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 200 && nginx.exitCode === null; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
  throw new Error("nginx does not listen");
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
