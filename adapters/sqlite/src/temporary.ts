/** For tests: folders that are gone after the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A path in a new folder. */
export function newPath(test: TestContext, name = "ledger.sqlite"): string {
  const folder = mkdtempSync(join(tmpdir(), "cantle-sqlite-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** The URL of a new file. */
export function newUrl(test: TestContext): string {
  return `sqlite:${newPath(test)}`;
}
