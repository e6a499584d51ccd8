/**
 * Which process a number means. The kernel gives the numbers of dead processes to new ones, so a pid that was written
 * down says nothing by itself; together with the moment the process started, and the boot that moment counts from, it
 * names one process for ever. Nothing is signalled from memory without this check.
 *
 * Linux tells both in /proc; elsewhere `ps` tells the start.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** One process, for ever. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started: clock ticks since boot on Linux, a date elsewhere. No spaces. */
  readonly start: string;
  /** The boot it started in; empty where the start is a date. */
  readonly boot: string;
}

/** The process that has this number now, a zombie too; undefined when there is none. */
export function identify(pid: number): ProcessIdentity | undefined {
  return observe(pid)?.identity;
}

/** True while this very process runs. A zombie does not: it only waits to be counted. */
export function isAlive(identity: ProcessIdentity): boolean {
  const seen = observe(identity.pid);
  return (
    seen !== undefined && !seen.zombie && seen.identity.start === identity.start && seen.identity.boot === identity.boot
  );
}

/** Signals a process, or with `group` all of its process group; false when nobody was there to hear it. */
export function signal(pid: number, name: NodeJS.Signals, group?: "group"): boolean {
  try {
    return process.kill(group === undefined ? pid : -pid, name);
  } catch {
    return false;
  }
}

/** An identity of something that was read from a file, or undefined for anything else. */
export function readIdentity(value: unknown): ProcessIdentity | undefined {
  const { pid, start, boot } = (value ?? {}) as Partial<ProcessIdentity>;
  // 0 and 1 are never ours, and as groups they would mean everybody.
  if (!Number.isSafeInteger(pid) || (pid as number) < 2) return undefined;
  return typeof start === "string" && typeof boot === "string" ? { pid: pid as number, start, boot } : undefined;
}

interface Observed {
  readonly identity: ProcessIdentity;
  readonly zombie: boolean;
}

function observe(pid: number): Observed | undefined {
  return existsSync("/proc/self/stat") ? observeProc(pid) : observePs(pid);
}

let bootId: string | undefined;

function observeProc(pid: number): Observed | undefined {
  try {
    // `pid (name) state ...`: the name may hold anything, the last `)` ends it; the start is the 22nd field, see proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return { identity: { pid, start: rest[18] ?? "", boot: bootId }, zombie: state === "Z" || state === "X" };
  } catch {
    return undefined;
  }
}

function observePs(pid: number): Observed | undefined {
  try {
    const args = ["-o", "state=", "-o", "lstart=", "-p", String(pid)];
    const [state = "", ...start] = execFileSync("ps", args, {
      encoding: "utf8",
      env: { LC_ALL: "C", PATH: "/bin:/usr/bin" },
    })
      .trim()
      .split(/\s+/);
    return { identity: { pid, start: start.join("_"), boot: "" }, zombie: state.startsWith("Z") };
  } catch {
    return undefined;
  }
}
