/**
 * The control groups of one system, on disk: a folder of its own below the group that is ours to divide (`hierarchy.ts`), in it
 * one for each limited process.
 *
 *     /sys/fs/cgroup/cpu                    version 1: one hierarchy for each controller
 *        └── cantle-3f9c2a71
 *               └── articles-1.3
 *     /sys/fs/cgroup/user.slice/…           version 2: one for all; who divides a group may not stay in it, so we move
 *        └── cantle-3f9c2a71                aside into a leaf first
 *               ├── supervisor
 *               └── articles-1.3
 *
 * Invariants
 * 1. A process is in its group before it is told who it is, so before any code of a user runs in it.
 * 2. What stays behind is removed at the next start; a group in which something still runs is never touched.
 * 3. What cannot be done is said with its reason, and nothing else fails for it.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Hierarchy, isOurs } from "./hierarchy.ts";
import type { ProcessLimits, Resource } from "./limits.ts";
import { controllerOf, oomKillsIn, settingsOf } from "./settings.ts";

/** What groups are made with. */
export interface GroupsSetting {
  readonly hierarchies: readonly Hierarchy[];
  /** Unique for the system: its folder is called `cantle-NAME`. */
  readonly name: string;
  readonly uid: number;
  /** True where somebody said that the group we are in is ours to divide. */
  readonly claimed: boolean;
  /** The disk that `io` is about. */
  readonly device: string | undefined;
  /** Ours; it moves aside in version 2. */
  readonly pid: number;
}

/** The groups of one process. */
export interface Group {
  readonly enforced: ReadonlySet<Resource>;
  /** Why a resource is not limited here. */
  readonly why: ReadonlyMap<Resource, string>;
  /** True when the kernel ended something in it for its memory. */
  ranOutOfMemory(): boolean;
  /** Removes it; false while something still runs in it. */
  remove(): boolean;
}

/** Makes groups. */
export interface Groups {
  /** Puts a process into a group with these limits; without a pid, finds again the group that it was put into. */
  confine(name: string, limits: ReadonlyMap<Resource, ProcessLimits>, pid?: number): Group;
  /** Removes what can be removed of the system's own folders. */
  sweep(): void;
}

/** Where a resource can be limited, or why it cannot. */
type Ground = { readonly folder: string; readonly version: 1 | 2 } | { readonly why: string };

/** Opens the groups of a system. Nothing is made before something is to be limited. */
export function openGroups(options: GroupsSetting): Groups {
  const { hierarchies, name, device } = options;
  const grounds = new Map<Resource, Ground>();
  const own = (hierarchy: Hierarchy) => join(hierarchy.mount, hierarchy.own, `cantle-${name}`);

  function groundOf(resource: Resource): Ground {
    const known = grounds.get(resource) ?? prepare(resource, options);
    grounds.set(resource, known);
    return known;
  }

  function confineIn(folder: string, resource: Resource, { limits, version, pid }: Confining): string | undefined {
    const settings = settingsOf(resource, limits, { version, device });
    if (settings === undefined) return "there is no disk behind the system's folder";
    if (pid === undefined) return existsSync(folder) ? undefined : "it was started without";
    try {
      mkdirSync(folder, { recursive: true });
      for (const { file, text, optional = false } of settings) {
        if (!optional || existsSync(join(folder, file))) writeFileSync(join(folder, file), text);
      }
      writeFileSync(join(folder, "cgroup.procs"), `${pid}`);
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  return {
    confine(process, limits, pid) {
      const folders = new Set<string>();
      const enforced = new Set<Resource>();
      const why = new Map<Resource, string>();
      for (const [resource, each] of limits) {
        const ground = groundOf(resource);
        if ("why" in ground) {
          why.set(resource, ground.why);
          continue;
        }
        const folder = join(ground.folder, process);
        const fault = confineIn(folder, resource, { limits: each, version: ground.version, pid });
        folders.add(folder);
        if (fault === undefined) enforced.add(resource);
        else why.set(resource, fault);
      }
      return groupOf(folders, { enforced, why });
    },
    sweep() {
      for (const folder of hierarchies.map(own)) {
        for (const child of foldersIn(folder)) remove(join(folder, child));
        remove(folder);
      }
    },
  };
}

interface Confining {
  readonly limits: ProcessLimits;
  readonly version: 1 | 2;
  readonly pid: number | undefined;
}

function groupOf(folders: ReadonlySet<string>, { enforced, why }: Pick<Group, "enforced" | "why">): Group {
  const kills = () =>
    [...folders].flatMap((folder) => [join(folder, "memory.events"), join(folder, "memory.oom_control")]).map(textOf);
  return {
    enforced,
    why,
    ranOutOfMemory: () => enforced.has("memory") && kills().some((text) => oomKillsIn(text) > 0),
    remove: () => [...folders].map(remove).every((removed) => removed),
  };
}

function prepare(resource: Resource, options: GroupsSetting): Ground {
  const { hierarchies, name, uid, claimed } = options;
  const hierarchy = hierarchies.find((each) => has(each, controllerOf(resource, each.version)));
  if (hierarchy === undefined) return { why: `this machine has no control groups for ${resource}` };
  const base = join(hierarchy.mount, hierarchy.own);
  try {
    if (!isOurs(hierarchy, { uid, owner: statSync(base).uid, claimed })) {
      return {
        why: "the control group of this process belongs to somebody else; CANTLE_CGROUP=own says that it is ours",
      };
    }
    accessSync(base, constants.W_OK);
    const folder = join(base, `cantle-${name}`);
    mkdirSync(folder, { recursive: true });
    if (hierarchy.version === 2) passOn(base, folder, { controller: resource, pid: options.pid });
    return { folder, version: hierarchy.version };
  } catch (error) {
    return { why: reasonOf(error) };
  }
}

/** Version 2: a controller counts in a group only where its parent passes it on, and a parent has no processes of its own. */
function passOn(base: string, folder: string, { controller, pid }: { controller: string; pid: number }): void {
  if (!words(join(base, "cgroup.subtree_control")).includes(controller)) {
    const leaf = join(folder, "supervisor");
    mkdirSync(leaf, { recursive: true });
    writeFileSync(join(leaf, "cgroup.procs"), `${pid}`);
    writeFileSync(join(base, "cgroup.subtree_control"), `+${controller}`);
  }
  writeFileSync(join(folder, "cgroup.subtree_control"), `+${controller}`);
}

function has({ version, controllers, mount, own }: Hierarchy, controller: string): boolean {
  return version === 1
    ? controllers.includes(controller)
    : words(join(mount, own, "cgroup.controllers")).includes(controller);
}

function reasonOf(error: unknown): string {
  const { code, path = "its folder" } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return `${path} may not be written`;
  if (code === "EBUSY") return "other processes are in the control group of this one; start it in a group of its own";
  return (error as Error).message;
}

/** Removes an empty group; its files go with it. True when it is gone. */
function remove(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch {
    // Something runs in it, or it was never there.
  }
  return !existsSync(folder);
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function words(path: string): readonly string[] {
  return textOf(path).trim().split(/\s+/);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
