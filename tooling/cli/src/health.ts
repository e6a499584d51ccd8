/** What a machine and a folder must have for a system to run: each a small test of the real thing, with what to do if it fails. */
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { systemClock } from "@cantle/core";
import { listLeftovers } from "@cantle/supervisor";
import { canRun, wantedNode } from "./node-version.ts";

/** The result of one test. */
export interface Health {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do; null when it is well. */
  readonly help: string | null;
}

/** What is tested. */
export interface Patient {
  /** Where the system's state is. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
}

const freeBytesMin = 500_000_000;
/** Below this the clock cannot be right: tokens and certificates would be refused. */
const wallMsMin = Date.UTC(2026, 0, 1);

/** All tests, in the order to mend them. */
export async function examine({ home, host, port }: Patient): Promise<readonly Health[]> {
  return [
    nodeHealth(),
    machineHealth(),
    clockHealth(),
    folderHealth(home),
    diskHealth(home),
    await sqliteHealth(home),
    leftoverHealth(home),
    await portHealth(host, port),
  ];
}

function nodeHealth(): Health {
  const ok = canRun(process.version);
  return {
    name: "node",
    ok,
    found: `${process.version}, ${wantedNode} is needed`,
    help: ok ? null : "install Node.js 24",
  };
}

function machineHealth(): Health {
  const found = `${process.platform} ${process.arch}, ${availableParallelism()} CPUs, ${gigabytes(totalmem())} of memory`;
  return { name: "machine", ok: true, found, help: null };
}

function clockHealth(): Health {
  const wallMs = systemClock.wallMs();
  const ok = wallMs >= wallMsMin;
  const help = ok ? null : "set the clock; tokens would seem to be from the future";
  return { name: "clock", ok, found: new Date(wallMs).toISOString(), help };
}

function folderHealth(home: string): Health {
  const folder = nearestFolder(join(home, ".cantle"));
  const problem = messageOf(() => accessSync(folder, constants.W_OK | constants.X_OK));
  const help = problem === null ? null : "let this user write there, or choose another folder with CANTLE_HOME";
  return { name: "folder", ok: problem === null, found: problem ?? `${folder} is writable`, help };
}

function diskHealth(home: string): Health {
  const { bavail, bsize } = statfsSync(nearestFolder(home));
  const freeBytes = bavail * bsize;
  const ok = freeBytes >= freeBytesMin;
  return {
    name: "disk",
    ok,
    found: `${gigabytes(freeBytes)} free`,
    help: ok ? null : "make room: databases and logs grow",
  };
}

/** A database in the folder itself: network file systems often cannot lock, and then fail here rather than in a service. */
async function sqliteHealth(home: string): Promise<Health> {
  const parent = join(home, ".cantle");
  const isNew = !existsSync(parent);
  const problem = await messageOfAsync(async () => {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    const folder = mkdtempSync(join(parent, "doctor-"));
    try {
      const { DatabaseSync } = await import("node:sqlite");
      const database = new DatabaseSync(join(folder, "test.sqlite"));
      database.exec("pragma journal_mode = wal; create table test (id integer); insert into test values (1)");
      database.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
      if (isNew) rmSync(parent, { recursive: true, force: true });
    }
  });
  const help = problem === null ? null : "use a local disk; network file systems cannot lock a database";
  return { name: "sqlite", ok: problem === null, found: problem ?? "a database can be written in the folder", help };
}

function leftoverHealth(home: string): Health {
  let left: ReturnType<typeof listLeftovers> = [];
  const problem = messageOf(() => {
    left = listLeftovers(home);
  });
  if (problem !== null)
    return { name: "processes", ok: false, found: problem, help: "end them by hand, and delete .cantle/run" };
  const names = left.map(({ instance, pid }) => `${instance} (pid ${pid})`).join(", ");
  return { name: "processes", ok: true, found: names === "" ? "none run from this folder" : names, help: null };
}

function portHealth(host: string, port: number): Promise<Health> {
  const address = `${host}:${port}`;
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) =>
      resolve({
        name: "port",
        ok: false,
        found: `${address}: ${error.message}`,
        help: "stop the other program, or start with --port",
      }),
    );
    server.listen(port, host, () =>
      server.close(() => resolve({ name: "port", ok: true, found: `${address} is free`, help: null })),
    );
  });
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function messageOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function messageOfAsync(run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
