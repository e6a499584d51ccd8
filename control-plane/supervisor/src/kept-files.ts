/**
 * The small files that say what runs. Each is written whole and renamed into place, for its owner only.
 *
 * One that cannot be written (the disk is full, the folder is gone) ends nothing: what runs goes on, the newest content is tried
 * again until it is there, and it is told when that begins and when it is over. Meanwhile the file says what was true before. Instances
 * that were started since and outlive us then are in no file; the next supervisor refuses them, and they end.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { Clock, Running, Timer } from "@cantle/core";

/** That what runs cannot be written down, or can be again. */
export type KeepingEvent =
  | { readonly kind: "unwritten"; readonly path: string; readonly why: string }
  | { readonly kind: "written" };

/** Files that are tried again. */
export interface KeptFiles extends Running {
  write(path: string, text: string): void;
  remove(path: string): void;
}

const retryMs = 1_000;

/** Keeps files until it is stopped. */
export function keepFiles(clock: Clock, onEvent: (event: KeepingEvent) => void): KeptFiles {
  /** Path → what it is to say, of those that do not say it yet. */
  const late = new Map<string, string>();
  let timer: Timer | undefined;
  let isTold = false;

  function attempt(): void {
    timer?.cancel();
    const failures = [...late].flatMap(([path, text]) => failureOf(path, text) ?? []);
    const [failure] = failures;
    if (failure !== undefined) timer = clock.after(retryMs, attempt);
    if (failure !== undefined && !isTold) onEvent({ kind: "unwritten", ...failure });
    if (failure === undefined && isTold) onEvent({ kind: "written" });
    isTold = failure !== undefined;
  }

  function failureOf(path: string, text: string) {
    try {
      replaceFile(path, text);
      late.delete(path);
      return undefined;
    } catch (error) {
      return { path, why: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    write(path, text) {
      late.set(path, text);
      attempt();
    },
    remove(path) {
      late.delete(path);
      rmSync(path, { force: true });
    },
    async stop() {
      timer?.cancel();
      late.clear();
    },
  };
}

/** Writes a file at once, or throws and leaves it as it was. */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.next`;
  writeFileSync(next, text, { mode: 0o600 });
  renameSync(next, path);
}
