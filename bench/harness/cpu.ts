/** What processes use, as the kernel counts it; from /proc, so on Linux only. */
import { readdirSync, readFileSync } from "node:fs";

/** Processor time of processes with all their threads, user and system, µs. A process that is gone counts nothing. */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processUs(pid), 0);
}

/** The cores that this process may use, as the kernel numbers them. */
export function coresAllowed(): readonly number[] {
  const list = read("/proc/self/status", (text) => /^Cpus_allowed_list:\s*(\S+)/m.exec(text)?.[1]) ?? "0";
  return list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

/** For how long a core has worked for any process, or was taken from this machine by its host, µs. To 10 ms, as the kernel tells it. */
export function coreBusyUs(core: number): number {
  const line = read("/proc/stat", (text) => new RegExp(`^cpu${core} (.*)$`, "m").exec(text)?.[1]) ?? "";
  const [user = 0, nice = 0, system = 0, , , , , stolen = 0] = line.split(" ").map(Number);
  return (user + nice + system + stolen) * 10_000;
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
