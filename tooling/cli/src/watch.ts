/**
 * The sources of a system, watched. Edits that come together are told together, `quietMs` after the last of them: editors save
 * in several steps, and a checkout changes a hundred files. While one telling is being seen to, further edits wait.
 */
import { basename, relative } from "node:path";
import type { Clock, Running, Timer } from "@cantle/core";
import { watch } from "chokidar";

const quietMs = 20;
const ignoredFolders: ReadonlySet<string> = new Set(["node_modules", ".cantle", "dist", ".git"]);

/** What is done with the files that changed, as absolute paths. It must not throw. */
export type OnEdit = (files: readonly string[]) => Promise<void>;

/** Watches a folder. Resolves when edits are seen. */
export async function watchSources(folder: string, onEdit: OnEdit, clock: Clock): Promise<Running> {
  const watcher = watch(folder, { ignored: (path) => isIgnored(folder, path), ignoreInitial: true });
  const collect = collector(onEdit, clock);
  watcher.on("all", (event, path) => {
    if (event === "add" || event === "change" || event === "unlink") collect(path);
  });
  await new Promise<void>((resolve) => void watcher.once("ready", () => resolve()));
  return { stop: () => watcher.close() };
}

/** True for what is not a source: what is installed, made, kept, or an editor's own. */
export function isIgnored(folder: string, path: string): boolean {
  if (path === folder) return false;
  const steps = relative(folder, path).split(/[\\/]/);
  return steps.some((step) => ignoredFolders.has(step)) || /^\.#|~$|\.sw[a-z]$/.test(basename(path));
}

/** Gathers files and hands them on when it has been quiet, one telling after the other. */
export function collector(onEdit: OnEdit, clock: Clock): (file: string) => void {
  const files = new Set<string>();
  let timer: Timer | undefined;
  let busy = false;

  async function tell(): Promise<void> {
    timer = undefined;
    if (busy || files.size === 0) return;
    const edited = [...files];
    files.clear();
    busy = true;
    await onEdit(edited);
    busy = false;
    // What came meanwhile has waited; if its own quiet time is still running, that timer tells it.
    if (timer === undefined) await tell();
  }

  return (file) => {
    files.add(file);
    timer?.cancel();
    timer = clock.after(quietMs, () => void tell());
  };
}
