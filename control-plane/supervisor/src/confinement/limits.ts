/** What a process may take of the machine, and how far that is enforced here. */

/** The limits of one process, of all that it starts together with it. */
export interface ProcessLimits {
  /** Resident memory; over it the kernel ends the process. */
  readonly memoryBytesMax?: number;
  /** What the program keeps to by itself, by its arguments: the heap of its language. Counts where nobody can enforce the rest. */
  readonly heapBytesMax?: number;
  /** Processors: 0.5 is half of one. Over it the process waits. */
  readonly cpuMax?: number;
  /** Read from the disk, and written to it, in each second; over it the process waits. */
  readonly ioBytesPerSecondMax?: number;
}

/** What can be limited. */
export const resources = ["memory", "cpu", "io"] as const;
/** One of them. */
export type Resource = (typeof resources)[number];

/** How far a limit holds: by the kernel, by the program's own heap limit, or not at all. */
export type Enforcement = "enforced" | "heap only" | "not enforced";
/** The same for every resource that is limited. */
export type Enforcements = { readonly [resource in Resource]?: Enforcement };

/** The resources that these limits are about. */
export function limitedIn({ memoryBytesMax, cpuMax, ioBytesPerSecondMax }: ProcessLimits): readonly Resource[] {
  const asked = { memory: memoryBytesMax, cpu: cpuMax, io: ioBytesPerSecondMax };
  return resources.filter((resource) => asked[resource] !== undefined);
}

/** How far limits hold of which the kernel enforces these. */
export function enforcementsOf(limits: ProcessLimits, enforced: ReadonlySet<Resource>): Enforcements {
  const how = (resource: Resource): Enforcement => {
    if (enforced.has(resource)) return "enforced";
    return resource === "memory" && limits.heapBytesMax !== undefined ? "heap only" : "not enforced";
  };
  return Object.fromEntries(limitedIn(limits).map((resource) => [resource, how(resource)]));
}
