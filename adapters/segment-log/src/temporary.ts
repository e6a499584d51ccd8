/** For tests: folders that are gone after the test. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A new folder. */
export function newFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cantle-segment-log-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What is in a folder at this moment, in a new one: what a process would find that was started after the end of this one. */
export function copyOf(test: TestContext, folder: string): string {
  const copy = newFolder(test);
  cpSync(folder, copy, { recursive: true });
  return copy;
}
