/**
 * What a unit may take of the machine, as it is written in a system:
 *
 *     limits: { articles: { memory: "256MiB", cpu: 0.5 }, gateway: { cpu: 2 } }
 *
 * It counts for each process of the unit. Whether and how a limit is enforced, the supervisor knows; here it is only read.
 */
import { CantleError } from "@cantle/core";

/** What each process of a unit may take. */
export interface UnitLimits {
  /** Resident memory, of everything that the process starts too: `"256MiB"`, or a number of bytes; at least 128 MiB. */
  readonly memory?: string | number;
  /** Processors: 0.5 is half of one, 2 are two of them; at least 0.05. Too few: calls wait for their turn, up to 100 ms each time. */
  readonly cpu?: number;
  /** What is read from the disk, and what is written to it, in each second: `"20MiB"`; at least 64 KiB. */
  readonly io?: string | number;
}

/** The same in units that need no reading. */
export interface ReadLimits {
  readonly memoryBytesMax?: number;
  readonly cpuMax?: number;
  readonly ioBytesPerSecondMax?: number;
}

/** Below this a Node.js process with a service in it does not start. */
const memoryBytesMin = 128 * 2 ** 20;
const cpuMin = 0.05;
const cpuMax = 1024;
const ioBytesMin = 64 * 2 ** 10;

const sizeShape = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|KB|kB|MB|GB)?$/;
const sizeFactors: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
};

/** Bytes of `"256MiB"`, `"1.5GB"` or `1024`; undefined for anything else. */
export function readSize(size: unknown): number | undefined {
  if (typeof size === "number") return Number.isSafeInteger(size) && size > 0 ? size : undefined;
  const [, amount, unit = "B"] = (typeof size === "string" && sizeShape.exec(size)) || [];
  const bytes = Math.floor(Number(amount) * (sizeFactors[unit] as number));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Reads the limits of one unit. Throws `SYSTEM_INVALID` for what cannot be kept. */
export function readLimits(limits: unknown, place: string): ReadLimits {
  if (typeof limits !== "object" || limits === null || Array.isArray(limits))
    throw invalid("these are not limits", place, 'write { memory: "256MiB", cpu: 0.5 }');
  const unknown = Object.keys(limits).find((name) => !["memory", "cpu", "io"].includes(name));
  if (unknown !== undefined) throw invalid(`'${unknown}' is not a limit`, place, "the limits are memory, cpu and io");
  const { memory, cpu, io } = limits as UnitLimits;
  return {
    ...(memory !== undefined && { memoryBytesMax: sizeOf(memory, memoryBytesMin, `${place}.memory`) }),
    ...(cpu !== undefined && { cpuMax: coresOf(cpu, `${place}.cpu`) }),
    ...(io !== undefined && { ioBytesPerSecondMax: sizeOf(io, ioBytesMin, `${place}.io`) }),
  };
}

function sizeOf(size: unknown, bytesMin: number, place: string): number {
  const bytes = readSize(size);
  if (bytes === undefined) throw invalid(`${JSON.stringify(size)} is not a size`, place, 'write "256MiB" or "1GB"');
  if (bytes >= bytesMin) return bytes;
  const least = bytesMin >= 2 ** 20 ? `${bytesMin / 2 ** 20}MiB` : `${bytesMin / 2 ** 10}KiB`;
  throw invalid(`${JSON.stringify(size)} is too little for a process to run`, place, `write at least "${least}"`);
}

function coresOf(cpu: unknown, place: string): number {
  if (typeof cpu === "number" && cpu >= cpuMin && cpu <= cpuMax) return cpu;
  throw invalid(`${JSON.stringify(cpu)} is not a number of processors`, place, `write one from ${cpuMin} to ${cpuMax}`);
}

function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("SYSTEM_INVALID", message, { place, help });
}
