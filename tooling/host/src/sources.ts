/**
 * Which unit runs which source file, for `dev` and for telling whether what runs is what would be started now: the relative imports of each service's module, followed. The system's own file,
 * what it imports at once, and the configuration files beside it belong to all.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Plan, System } from "@cantle/system";

/** The source files of a system. */
export interface Sources {
  /** The units that run any of these files; those of the platform are among them when they do. */
  unitsOf(files: readonly string[], plan: Plan): readonly string[];
  /** The files that a process of these services runs: theirs, and the system's own. */
  filesOf(services: readonly string[]): readonly string[];
}

/** Reads nothing before it is asked, and everything anew each time: edits change imports too. */
export function createSources(system: System, file: string): Sources {
  return {
    unitsOf(files, plan) {
      const changed = files.map((each) => resolve(each));
      const entries = entriesOf(system, file);
      const reach = new Map([...entries].map(([service, entry]) => [service, reachOf(entry)]));
      const all = plan.units.map((unit) => unit.name);
      // The system's file itself is loaded by every process, with all that it imports at once.
      if (changed.some((each) => reachOf(resolve(file)).has(each))) return [...all, "gateway"];
      if (changed.some((each) => isConfigFile(each, file))) return all;
      return plan.units
        .filter((unit) => unit.services.some((service) => changed.some((each) => reach.get(service)?.has(each))))
        .map((unit) => unit.name);
    },
    filesOf(services) {
      const entries = entriesOf(system, file);
      const roots = [resolve(file), ...services.flatMap((service) => entries.get(service) ?? [])];
      return [...new Set(roots.flatMap((root) => [...reachOf(root)]))];
    },
  };
}

/** True for `config.yaml` and `config.<profile>.yaml` beside the system's file; which profile is chosen, each unit knows. */
function isConfigFile(path: string, file: string): boolean {
  return dirname(path) === dirname(resolve(file)) && /^config(\.[^.]+)?\.yaml$/.test(basename(path));
}

/** The module of each service, read from the text of its loading function: `() => import("./accounts/service.ts")`. */
function entriesOf(system: System, file: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [service, source] of Object.entries(system.services)) {
    const specifier =
      typeof source === "function" ? /import\(\s*["'`](\.[^"'`]+)["'`]/.exec(source.toString())?.[1] : undefined;
    if (specifier !== undefined) entries.set(service, resolve(dirname(resolve(file)), specifier));
  }
  return entries;
}

const staticImport =
  /(?:^|[\s;}])(?:import|export)\s[^"'`;]*?from\s*["'](\.[^"']+)["']|(?:^|[\s;}])import\s*["'](\.[^"']+)["']/g;

/** A file and every file it imports statically by a relative path. */
function reachOf(entry: string, reached = new Set<string>()): Set<string> {
  if (reached.has(entry) || !existsSync(entry)) return reached;
  reached.add(entry);
  for (const match of readFileSync(entry, "utf8").matchAll(staticImport))
    reachOf(resolve(dirname(entry), (match[1] ?? match[2]) as string), reached);
  return reached;
}
