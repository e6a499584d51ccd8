/** Names: of folders, files and declarations. */
import type { Finding, Rule } from "../finding.ts";
import { codeFiles, isTest, packageAt } from "../repository.ts";
import { lineAt } from "../scan.ts";

const bannedFolders = new Set([
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "shared",
  "misc",
  "lib",
  "types",
  "interfaces",
]);
const bannedFiles = /^(utils?|helpers?|common|misc)\.tsx?$/;
const loudFiles =
  /^(README|CHANGELOG|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT|ARCHITECTURE|STYLE)(\.[a-z]{2})?\.md$|^LICENSE$|^Dockerfile$/;
const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Folders follow the trip of the data. */
export const folderNames: Rule = {
  title: "no folder or file is called utils, helpers, common, lib, types and the like",
  reason: "such a name says nothing of what is inside, so anything goes in",
  check: (repository) =>
    codeFiles(repository).flatMap(({ path }): Finding[] => {
      const folders = path.split("/").slice(0, -1);
      const file = path.split("/").at(-1) as string;
      const bad = folders.find((folder) => bannedFolders.has(folder)) ?? (bannedFiles.test(file) ? file : undefined);
      return bad === undefined ? [] : [{ place: path, what: `'${bad}'`, remedy: "name it after the idea inside" }];
    }),
};

/** One case for all. */
export const kebabFiles: Rule = {
  title: "file names are kebab-case",
  reason: "one case for all files means nobody has to remember which",
  check: (repository) =>
    [...repository.files.keys()].flatMap((path): Finding[] => {
      const file = path.split("/").at(-1) as string;
      if (!/\.(ts|tsx|js|mjs|md|css|html)$/.test(file) || kebab.test(file) || loudFiles.test(file)) return [];
      return [{ place: path, what: `'${file}' is not kebab-case`, remedy: "write words in lower case with dashes" }];
    }),
};

const declared = /\b(class|interface|type|enum|function|const)\s+([A-Za-z_$][\w$]*)/g;

/** Nouns that survive in a sentence. */
export const declaredNames: Rule = {
  title: "nothing is called Manager, Impl, Helper or Util, and no interface begins with I",
  reason: "such a name stands where the idea is not clear yet",
  check: (repository) =>
    codeFiles(repository).flatMap(({ path, text, scan }) =>
      [...scan.code.matchAll(declared)].flatMap((match): Finding[] => {
        const [, keyword = "", name = ""] = match;
        const bad = /(Manager|Impl|Helper|Util)s?$/.exec(name)?.[0] ?? iPrefix(keyword, name);
        if (bad === undefined) return [];
        const place = `${path}:${lineAt(text, match.index)}`;
        return [{ place, what: `'${name}' (${bad})`, remedy: "say what it is or does" }];
      }),
    ),
};

function iPrefix(keyword: string, name: string): string | undefined {
  return keyword === "interface" && /^I[A-Z][a-z]{2}/.test(name) ? "I prefix" : undefined;
}

/** One way to import. */
export const namedExports: Rule = {
  title: "packages have named exports only",
  reason: "a default export has as many names as it has importers",
  check: (repository) =>
    codeFiles(repository).flatMap(({ path, text, scan }) => {
      const home = packageAt(repository, path);
      if (
        home === undefined ||
        home.plane === "examples" ||
        isTest(path) ||
        /\.config\.|\/(templates?|fixtures)\//.test(path)
      )
        return [];
      return [...scan.code.matchAll(/\bexport\s+default\b/g)].map((match) => ({
        place: `${path}:${lineAt(text, match.index)}`,
        what: "export default",
        remedy: "give it a name",
      }));
    }),
};

const unitOrBound =
  /(Ms|Seconds|Minutes|Hours|Days|Bytes|Bits|Max|Min|Ratio|Share|Percent|Factor|Count|Limit|Depth|Port|Status|Seed|Weight|PerSecond)$/;
const plain = /^(max|min|port|seed|status|depth|concurrency|replicas|copies|weight)$/;

/** `timeoutMs`, `queueMax`. */
export const unitSuffixes: Rule = {
  title: "a number in exported options ends in its unit or bound",
  reason: "`timeout: 5` is seconds to one reader and milliseconds to the next",
  check: (repository) =>
    codeFiles(repository).flatMap(({ path, text, scan }) =>
      [...scan.code.matchAll(/\bexport\s+interface\s+\w*Options\b[^{]*\{/g)].flatMap((match) => {
        const start = match.index + match[0].length;
        const body = scan.code.slice(start, endOfBody(scan.code, start));
        return [...body.matchAll(/^[ \t]*(?:readonly\s+)?([A-Za-z_$][\w$]*)\??:\s*number\b(?!\s*\[)/gm)].flatMap(
          (member): Finding[] => {
            const name = member[1] as string;
            if (unitOrBound.test(name) || plain.test(name)) return [];
            const place = `${path}:${lineAt(text, start + member.index)}`;
            return [
              { place, what: `'${name}' is a bare number`, remedy: "add the unit or the bound: Ms, Bytes, Max, Ratio" },
            ];
          },
        );
      }),
    ),
};

function endOfBody(code: string, start: number): number {
  let depth = 1;
  for (let at = start; at < code.length; at++) {
    if (code[at] === "{") depth++;
    if (code[at] === "}" && --depth === 0) return at;
  }
  return code.length;
}
