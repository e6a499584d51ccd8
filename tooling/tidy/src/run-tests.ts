/**
 * `npm test [-- PATTERN...]`: runs every `*.test.ts`, `*.sim.ts` and `*.e2e.ts` below the working folder, fast rings
 * first, each file in a process of its own. A pattern is a part of a path; several widen the choice.
 *
 * With `CANTLE_REQUIRE_ENGINES=1` a test that is left out because an engine is missing is a failure.
 * Exit code 1 when anything failed, or when nothing ran.
 */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "node:test";
import { failureText, reportText } from "./report.ts";
import { planes } from "./repository.ts";
import { Counter, type RunEvent } from "./tally.ts";

const filesAtOnceMax = 2;
const fileTimeoutMs = 4 * 60_000;
const folders = [...planes, "architecture", "bench"];
const rings = [".test.ts", ".sim.ts", ".e2e.ts"];
const ignored = new Set(["node_modules", "dist", "mistakes", ".cantle"]);

function findTests(root: string, patterns: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !ignored.has(entry.name)) walk(path);
      if (entry.isFile() && rings.some((ring) => entry.name.endsWith(ring))) found.push(path);
    }
  };
  const present = new Set(readdirSync(root));
  for (const folder of folders) if (present.has(folder)) walk(join(root, folder));
  const ringOf = (path: string) => rings.findIndex((ring) => path.endsWith(ring));
  return found
    .filter((path) => patterns.length === 0 || patterns.some((pattern) => relative(root, path).includes(pattern)))
    .sort((a, b) => ringOf(a) - ringOf(b) || a.localeCompare(b));
}

async function main(root: string, patterns: readonly string[]): Promise<boolean> {
  const files = findTests(root, patterns);
  const counter = new Counter({
    files,
    requireEngines: process.env.CANTLE_REQUIRE_ENGINES === "1",
    show: (path) => relative(root, path),
    onFailure: (failure) => console.log(failureText(failure)),
  });
  if (files.length > 0) {
    const events = run({ files, concurrency: filesAtOnceMax, timeout: fileTimeoutMs });
    for await (const event of events) counter.add(event as RunEvent);
  } else console.log(patterns.length === 0 ? "no tests here" : `no test file matches ${patterns.join(" or ")}`);
  const tally = counter.end();
  console.log(reportText(tally));
  return tally.passed > 0 && tally.failures.length === 0;
}

process.exitCode = (await main(process.cwd(), process.argv.slice(2))) ? 0 : 1;
