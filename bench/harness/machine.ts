/** The machine that figures are from, and how busy it was. */
import { availableParallelism, cpus, loadavg, platform, release } from "node:os";
import process from "node:process";

/** What it is. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  readonly load1m: number;
}

/** This machine now. */
export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    system: `${platform()} ${release()}`,
    node: process.version,
    load1m: loadavg()[0] ?? 0,
  };
}
