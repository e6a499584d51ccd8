/** Every code has a page, the page says what the table says, and somebody throws it. */
import { type Code, type CodeFacts, codes } from "@cantle/core";
import type { Finding, Rule } from "../finding.ts";
import { codeFiles, isTest, type Repository } from "../repository.ts";

/** The page of all codes. */
export const errorsPage = "docs/reference/errors.md";

/** The lines of a section that say what the table says. */
export function factsOf({ meaning, status, exit, retry }: CodeFacts): string[] {
  return [
    meaning,
    `- HTTP status: ${status ?? "none; it appears before anything listens"}`,
    `- Exit code: ${exit}`,
    `- Retried: ${retryWords[String(retry) as keyof typeof retryWords]}`,
  ];
}

const retryWords = Object.freeze({
  never: "never",
  safe: "yes, any call; the handler was certainly not entered",
  idempotent: "yes, when the operation is idempotent",
});

/** The page and the table agree. */
export const codesAreDocumented: Rule = {
  title: `every code has a section in ${errorsPage} that says what the table says, and no section is about anything else`,
  reason: "a code is what people search for when something is wrong",
  check: (repository) => {
    const page = repository.files.get(errorsPage)?.text ?? "";
    const sections = sectionsOf(page);
    const missing = (Object.entries(codes) as [Code, CodeFacts][]).flatMap(([code, facts]): Finding[] => {
      const section = sections.get(code);
      if (section === undefined) return [{ place: errorsPage, what: `no section '## ${code}'`, remedy: "write it" }];
      return factsOf(facts)
        .filter((line) => !section.split("\n").includes(line))
        .map((line) => ({ place: `${errorsPage}#${code}`, what: `does not say '${line}'`, remedy: "write that line" }));
    });
    const extra = [...sections.keys()]
      .filter((code) => !Object.hasOwn(codes, code))
      .map((code) => ({ place: errorsPage, what: `'${code}' is not a code`, remedy: "remove the section" }));
    return [...missing, ...extra];
  },
};

function sectionsOf(page: string): Map<string, string> {
  const parts = page.split(/^## /m).slice(1);
  return new Map(parts.map((part) => [(part.split("\n", 1)[0] as string).trim(), part]));
}

/** No code is a promise that nobody keeps. */
export const codesAreThrown: Rule = {
  title: "every code is named in some file that throws it",
  reason: "a documented error that cannot happen sends people looking for it",
  check: (repository) => {
    const named = stringsIn(repository, (path) => !isTest(path) && path !== "foundation/core/src/code.ts");
    return Object.keys(codes)
      .filter((code) => !named.has(code))
      .map((code) => ({
        place: "foundation/core/src/code.ts",
        what: `nobody throws ${code}`,
        remedy: "throw it where it happens, or take it out of the table and the page",
      }));
  },
};

function stringsIn(repository: Repository, wanted: (path: string) => boolean): Set<string> {
  const files = codeFiles(repository).filter(({ path }) => wanted(path) && !path.startsWith("tooling/tidy/"));
  return new Set(files.flatMap(({ scan }) => scan.strings.map(({ text }) => text)));
}
