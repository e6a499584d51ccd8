/**
 * The import list: what every package imports of other packages, of npm and of Node, in one checked-in file. A new arrow
 * is a line in a change, and needs a reason. Tests are left out.
 *
 * Run as a program it writes the file: `npm run imports`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rule } from "./finding.ts";
import { moduleOf } from "./imports.ts";
import { isForTests } from "./reach.ts";
import { filesOf, type Repository, readRepository } from "./repository.ts";

/** Where the list is. */
export const importListPath = "architecture/imports.txt";

/** The list as it should be. */
export function importList(repository: Repository): string {
  const blocks = repository.packages.map((each) => {
    const modules = filesOf(repository, each)
      .filter(({ path }) => !isForTests(repository, path))
      .flatMap(({ imports }) => imports.map(({ specifier }) => specifier))
      .filter((specifier) => !specifier.startsWith("."))
      .map((specifier) => (specifier.startsWith("node:") ? specifier : moduleOf(specifier)));
    const lines = [...new Set(modules)].sort().map((module) => `  ${module}\n`);
    return `${each.folder}\n${lines.join("")}`;
  });
  return `${head}\n${blocks.join("\n")}`;
}

const head = "# What every package imports, tests left out. Written by `npm run imports`; a test compares.\n";

/** The list is up to date. */
export const importListIsTrue: Rule = {
  title: `${importListPath} is up to date`,
  reason: "a new arrow between packages is seen, and given a reason, in review",
  check: (repository) => {
    const is = (repository.files.get(importListPath)?.text ?? "").split("\n");
    const should = importList(repository).split("\n");
    const at = should.findIndex((line, index) => line !== is[index]);
    if (at < 0 && is.length === should.length) return [];
    const line = at < 0 ? should.length : at;
    return [
      {
        place: `${importListPath}:${line + 1}`,
        what: `says '${is[line] ?? ""}', is '${should[line] ?? ""}'`,
        remedy: "npm run imports, and say in the change why the arrow is needed",
      },
    ];
  },
};

if (import.meta.main) {
  const repository = readRepository();
  writeFileSync(join(repository.root, importListPath), importList(repository));
}
