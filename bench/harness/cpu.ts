/** What processes use, as the kernel counts it; from /proc, so on Linux only. */
import { readdirSync, readFileSync } from "node:fs";

/** Processor time of processes with all their threads, user and system, µs. A process that is gone counts nothing. */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processUs(pid), 0);
}

/** What the main thread of a process did: its time on a processor, and in wait for one because others had it, µs. */
export function mainThreadUs(pid: number): { readonly ranUs: number; readonly waitedUs: number } {
  const fields = read(`/proc/${pid}/task/${pid}/schedstat`, (text) => text.split(" ").map(Number)) ?? [];
  const [ranNs = 0, waitedNs = 0] = fields;
  return { ranUs: ranNs / 1000, waitedUs: waitedNs / 1000 };
}

/** Resident memory of processes, MiB. Pages that they share count for each. */
export function residentMiB(pids: readonly number[]): number {
  return (
    pids.reduce((sum, pid) => sum + (read(`/proc/${pid}/statm`, (text) => Number(text.split(" ")[1]) * 4096) ?? 0), 0) /
    2 ** 20
  );
}

/** A process and all that descend from it. */
export function familyOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap(
    (thread) =>
      read(`/proc/${pid}/task/${thread}/children`, (text) => text.trim().split(" ").filter(Boolean).map(Number)) ?? [],
  );
  return [pid, ...children.flatMap(familyOf)];
}

/** Each thread's time on a processor, which the kernel keeps in nanoseconds. */
function processUs(pid: number): number {
  const ns = threadsOf(pid).map((thread) =>
    read(`/proc/${pid}/task/${thread}/schedstat`, (text) => Number.parseInt(text, 10)),
  );
  return ns.reduce<number>((sum, each) => sum + (each ?? 0), 0) / 1000;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read<T>(path: string, parse: (text: string) => T): T | undefined {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
