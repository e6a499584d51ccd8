/** Limits on a running process: where the kernel can enforce them it does, and where not, that is said once. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Clock, delay } from "@cantle/core";
import { diskOf } from "./disk.ts";
import { type Group, type Groups, openGroups } from "./groups.ts";
import { hierarchiesOf } from "./hierarchy.ts";
import { type Enforcements, enforcementsOf, limitedIn, type ProcessLimits, type Resource } from "./limits.ts";

/** How often, and with which pauses, the group of an ended process is tried to be removed: its last threads leave it late. */
const removalsMax = 20;
const removalPauseMs = 50;

/** A process with limits on it. */
export interface Confined {
  readonly enforcements: Enforcements;
  ranOutOfMemory(): boolean;
  /** The process has ended. */
  release(): void;
}

/** A limit that does not hold here, and why. */
export interface Unenforced {
  readonly resource: Resource;
  readonly why: string;
}

/** Confines processes. */
export interface Confinement {
  /** Confines a process that was just spawned, or with `isAdopted` one that was long ago. */
  confine(name: string, limits: ProcessLimits, of: { readonly pid: number; readonly isAdopted: boolean }): Confined;
  /** What was asked for and does not hold, told once for each resource. */
  news(): readonly Unenforced[];
  close(): void;
}

/** Opens the confinement of the system in this folder. `claim` is `own` where the group of this process is ours to divide. */
export function openConfinement(
  folder: string,
  { clock, claim }: { clock: Clock; claim: string | undefined },
): Confinement {
  return createConfinement(machineGroups(folder, claim), clock);
}

/** The same over any groups. */
export function createConfinement(groups: Groups, clock: Clock): Confinement {
  const told = new Set<Resource>();
  const untold: Unenforced[] = [];
  let isOpen = true;
  void sweepLeft();

  /** What an earlier supervisor left; a kernel may hold a group for a moment after its last process. */
  async function sweepLeft(): Promise<void> {
    for (let attempt = 0; attempt < removalsMax && isOpen; attempt++) {
      groups.sweep();
      await delay(clock, removalPauseMs);
    }
  }

  async function remove(group: Group): Promise<void> {
    for (let attempt = 0; attempt < removalsMax && !group.remove(); attempt++) await delay(clock, removalPauseMs);
  }

  return {
    confine(name, limits, { pid, isAdopted }) {
      const asked = new Map(limitedIn(limits).map((resource) => [resource, limits]));
      const group = groups.confine(name, asked, isAdopted ? undefined : pid);
      for (const [resource, why] of group.why) {
        if (told.has(resource)) continue;
        told.add(resource);
        untold.push({ resource, why });
      }
      return {
        enforcements: enforcementsOf(limits, group.enforced),
        ranOutOfMemory: () => group.ranOutOfMemory(),
        release: () => void remove(group),
      };
    },
    news: () => untold.splice(0),
    close() {
      isOpen = false;
      groups.sweep();
    },
  };
}

function machineGroups(folder: string, claim: string | undefined): Groups {
  return openGroups({
    hierarchies: hierarchiesOf(textOf("/proc/self/mountinfo"), textOf("/proc/self/cgroup")),
    name: createHash("sha256").update(folder).digest("hex").slice(0, 8),
    uid: process.getuid?.() ?? -1,
    claimed: claim === "own",
    device: diskOf(folder),
    pid: process.pid,
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No Linux.
    return "";
  }
}
