/** Which system a command is about: the file that exports it, and its folder, where its state lives. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CantleError } from "@cantle/core";
import type { Terminal } from "./terminal.ts";

/** The names a system's file has when nobody says otherwise, in order. */
export const systemFiles: readonly string[] = ["system", "src/system"].flatMap((path) =>
  ["ts", "js", "mjs"].map((ending) => `${path}.${ending}`),
);

/** A system on disk. */
export interface FoundSystem {
  /** The file that exports it. */
  readonly file: string;
  /** Where it and its configuration files are. */
  readonly folder: string;
  /** Where `.cantle` is, with all state: the folder, unless `CANTLE_HOME` says otherwise. */
  readonly home: string;
}

/** Finds the system in a folder, or by the file or folder that was named. Throws `USAGE` when there is none. */
export function findSystem({ cwd, env }: Pick<Terminal, "cwd" | "env">, named?: string): FoundSystem {
  const found = (file: string): FoundSystem => {
    const folder = dirname(file);
    return { file, folder, home: resolve(cwd, env.CANTLE_HOME || folder) };
  };
  const path = resolve(cwd, named ?? ".");
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return found(path);
  if (stats === undefined) {
    throw new CantleError("USAGE", "there is no such file or folder", {
      place: path,
      help: "name the file that exports the system, or the folder with system.ts",
    });
  }
  const file = systemIn(path);
  if (file !== undefined) return found(file);
  const below = systemsBelow(path).map((folder) => relative(cwd, folder));
  throw new CantleError("USAGE", `there is no system in ${relative(cwd, path) || "this folder"}`, {
    place: path,
    help:
      below.length === 0
        ? "go to the folder with system.ts, or name it with --system"
        : `name one with --system: ${below.join(", ")}`,
  });
}

function systemIn(folder: string): string | undefined {
  const name = systemFiles.find((each) => existsSync(join(folder, each)));
  return name && join(folder, name);
}

/** The folders below one that have a system, no deeper than a collection of examples has them. */
function systemsBelow(folder: string, depth = 2): readonly string[] {
  return foldersIn(folder).flatMap((each) => {
    if (systemIn(each) !== undefined) return [each];
    return depth > 1 ? systemsBelow(each, depth - 1) : [];
  });
}

/** None in a folder that may not be read. */
function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      .map(({ name }) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}
