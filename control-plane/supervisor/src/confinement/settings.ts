/** What is written into a control group for a limit, in both versions of the kernel's interface; pure. */
import type { ProcessLimits, Resource } from "./limits.ts";

/** One file of a group and what to write there. */
export interface Setting {
  readonly file: string;
  readonly text: string;
  /** True where a kernel may lack the file without the limit being any less. */
  readonly optional?: boolean;
}

/** What is known besides the limits. */
export interface SettingFacts {
  readonly version: 1 | 2;
  /** `major:minor` of the disk; absent where there is none. */
  readonly device: string | undefined;
}

/** The span in which processor time is counted: a process that used up its share waits for the next one. */
const periodMicros = 100_000;

/** The controller that a resource is limited by. */
export function controllerOf(resource: Resource, version: 1 | 2): string {
  return resource === "io" && version === 1 ? "blkio" : resource;
}

/** The settings of one resource; undefined where there is nothing to limit it by. */
export function settingsOf(
  resource: Resource,
  { memoryBytesMax, cpuMax = 0, ioBytesPerSecondMax }: ProcessLimits,
  { version, device }: SettingFacts,
): readonly Setting[] | undefined {
  const quotaMicros = Math.round(cpuMax * periodMicros);
  switch (resource) {
    case "memory":
      return version === 2
        ? [
            { file: "memory.max", text: `${memoryBytesMax}` },
            { file: "memory.swap.max", text: "0", optional: true },
            { file: "memory.oom.group", text: "1", optional: true },
          ]
        : [
            { file: "memory.limit_in_bytes", text: `${memoryBytesMax}` },
            { file: "memory.memsw.limit_in_bytes", text: `${memoryBytesMax}`, optional: true },
          ];
    case "cpu":
      return version === 2
        ? [{ file: "cpu.max", text: `${quotaMicros} ${periodMicros}` }]
        : [
            { file: "cpu.cfs_period_us", text: `${periodMicros}` },
            { file: "cpu.cfs_quota_us", text: `${quotaMicros}` },
          ];
    case "io":
      if (device === undefined) return undefined;
      return version === 2
        ? [{ file: "io.max", text: `${device} rbps=${ioBytesPerSecondMax} wbps=${ioBytesPerSecondMax}` }]
        : ["read", "write"].map((way) => ({
            file: `blkio.throttle.${way}_bps_device`,
            text: `${device} ${ioBytesPerSecondMax}`,
          }));
  }
}

/** How often the kernel ended something in the group for its memory, of `memory.events` or `memory.oom_control`. */
export function oomKillsIn(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
