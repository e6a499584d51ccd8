/**
 * Runs the collection of the RealWorld project against an API, as its own script does it: newman, with names that nobody
 * has yet. For tests only.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a run of the collection found. */
export interface CollectionReport {
  readonly assertions: number;
  /** `request: assertion: what went wrong`. */
  readonly failures: readonly string[];
}

/** How many assertions a run of the collection makes when every answer has the shape that it should. */
export const collectionAssertions = 311;

/** The collection is read from beside the repository, where the specification and its tests are kept as others wrote them. */
/** Where it is. */
export const collection = join(import.meta.dirname, "../../../../shared/realworld/Conduit.postman_collection.json");

/** Runs it once. `apiUrl` ends in `/api`. Throws when newman left no report. */
export async function runCollection(apiUrl: string): Promise<CollectionReport> {
  const folder = await mkdtemp(join(tmpdir(), "conduit-"));
  try {
    const report = join(folder, "report.json");
    const printed = await newman([
      "run",
      collection,
      ...globals(apiUrl),
      "--reporters",
      "json",
      "--reporter-json-export",
      report,
    ]);
    const text = await readFile(report, "utf8").catch(() => assert.fail(`newman left no report: ${printed}`));
    return read(JSON.parse(text) as NewmanReport);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function globals(apiUrl: string): string[] {
  const username = `u${randomBytes(6).toString("hex")}`;
  const values = { APIURL: apiUrl, USERNAME: username, EMAIL: `${username}@mail.com`, PASSWORD: "password" };
  return Object.entries(values).flatMap(([name, value]) => ["--global-var", `${name}=${value}`]);
}

/** Runs newman and answers with what it printed; that it fails when an assertion fails is what the report says better. */
function newman(args: readonly string[]): Promise<string> {
  const program = createRequire(import.meta.url).resolve("newman/bin/newman.js");
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (_error, stdout, stderr) => resolve(`${stdout}${stderr}`.trim()));
  });
}

interface NewmanReport {
  readonly run: {
    readonly stats: { readonly assertions: { readonly total: number } };
    readonly failures: readonly {
      readonly source?: { readonly name?: string };
      readonly error: { readonly test?: string; readonly message: string };
    }[];
  };
}

function read({ run }: NewmanReport): CollectionReport {
  return {
    assertions: run.stats.assertions.total,
    failures: run.failures.map(({ source, error }) =>
      [source?.name, error.test, error.message].filter(Boolean).join(": "),
    ),
  };
}
