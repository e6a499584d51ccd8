/** What comments must say: why a debt is owed, what an export is. */
import type { Finding, Rule } from "../finding.ts";
import { resolveRelative } from "../imports.ts";
import { codeFiles, entriesOf, type Repository, type SourceFile } from "../repository.ts";
import { lineAt, type Piece } from "../scan.ts";

const debtWords = /\b(TODO|FIXME|XXX|HACK)\b/;
const namedDebt = /\bTODO\((correctness|coverage|polish)\): .*#\d+/;

/** Debt has a kind and a place where it is talked of. */
export const namedDebts: Rule = {
  title: "a TODO says its kind and its issue",
  reason: "a debt without a name is never paid",
  check: (repository) =>
    codeFiles(repository).flatMap(({ path, text, scan }) =>
      scan.comments
        .filter((comment) => debtWords.test(comment.text) && !namedDebt.test(comment.text))
        .map((comment) => ({
          place: `${path}:${lineAt(text, comment.start)}`,
          what: comment.text.split("\n", 1)[0] as string,
          remedy: "do it, or write TODO(correctness|coverage|polish): what #issue",
        })),
    ),
};

/** The door of a package is its manual. */
export const documentedExports: Rule = {
  title: "every exported symbol has a doc comment on its declaration",
  reason: "an editor shows it where the symbol is used; nobody should have to open the source",
  check: (repository) =>
    repository.packages
      .filter(({ plane }) => plane !== "examples")
      .flatMap(entriesOf)
      .filter((path) => path.endsWith("/index.ts") || path.endsWith("/internal.ts"))
      .flatMap((path) => {
        const file = repository.files.get(path);
        return file === undefined ? [] : undocumented(repository, file, "*");
      })
      .filter(({ place }, index, all) => all.findIndex((other) => other.place === place) === index),
};

/** The names (`*` for all) that `file` exports without a doc comment, followed through its re-exports. */
function undocumented(repository: Repository, file: SourceFile, wanted: ReadonlySet<string> | "*"): Finding[] {
  const forwarded = file.imports
    .filter(({ specifier, clause }) => specifier.startsWith(".") && isForward(file, clause))
    .flatMap(({ specifier, clause }) => {
      const target = repository.files.get(resolveRelative(file.path, specifier));
      if (target === undefined) return [];
      const names = clause.startsWith("*") ? wanted : chosen(clause, wanted);
      return names !== "*" && names.size === 0 ? [] : undocumented(repository, target, names);
    });
  return [...forwarded, ...undocumentedHere(file, wanted)];
}

/** Re-exports and imports look alike by now; only what is also behind `export` is passed on. */
function isForward({ scan }: SourceFile, clause: string): boolean {
  const at = scan.code.indexOf(clause);
  return (
    clause !== "" &&
    [...scan.code.matchAll(/\bexport\s+(?:type\s+)?/g)].some((match) => match.index + match[0].length === at)
  );
}

function chosen(clause: string, wanted: ReadonlySet<string> | "*"): Set<string> {
  const pairs = clause
    .replace(/[{}]/g, "")
    .split(",")
    .map((part) => part.trim().replace(/^type\s+/, ""))
    .filter(Boolean)
    .map((part) => part.split(/\s+as\s+/));
  const passed = pairs.filter(([name, as = name]) => wanted === "*" || wanted.has(as as string));
  return new Set(passed.map(([name]) => name as string));
}

const declaration =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|const|let|class|interface|type|enum)\s+([\w$]+)/gm;

function undocumentedHere({ path, text, scan }: SourceFile, wanted: ReadonlySet<string> | "*"): Finding[] {
  const seen = new Set<string>();
  return [...scan.code.matchAll(declaration)].flatMap((match): Finding[] => {
    const name = match[1] as string;
    if (seen.has(name) || (wanted !== "*" && !wanted.has(name))) return [];
    seen.add(name);
    if (docAbove(text, scan.comments, match.index)) return [];
    const remedy = "say in a sentence what it is, above it: /** ... */";
    return [{ place: `${path}:${lineAt(text, match.index)}`, what: `'${name}' has no doc comment`, remedy }];
  });
}

/** True when a doc comment ends above `at`; remarks to the linter may stand between. */
function docAbove(text: string, comments: readonly Piece[], at: number): boolean {
  const end = text.slice(0, at).trimEnd().length;
  const comment = comments.find((each) => each.end === end);
  if (comment?.text.startsWith("//")) return docAbove(text, comments, comment.start);
  return comment?.text.startsWith("/**") === true;
}
