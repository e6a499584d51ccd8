/**
 * The TypeScript in documents. Every block fenced as `ts` (or `tsx`) is a module of its document's own folder, so that a block can
 * import what an earlier one is called: a first line such as `// accounts/contract.ts` names it. A block that is fenced as
 * `ts no-check` is for looking only.
 */
import type { SourceFile } from "./repository.ts";

/** One block. */
export interface Example {
  /** The document, from the root. */
  readonly document: string;
  /** The document's line on which the block's first line stands. */
  readonly line: number;
  /** Where it is checked: `readme.md/accounts/contract.ts`. */
  readonly path: string;
  readonly text: string;
}

const fence = /^([ \t]*)```(tsx?)\b([^\n]*)\n([\s\S]*?)^\1```/gm;
const named = /^\/\/ ([\w./-]+\.tsx?)\b/;

/** The blocks of a document, in order. */
export function examplesIn({ path: document, text }: Pick<SourceFile, "path" | "text">): Example[] {
  const folder = document.replaceAll("/", "--").toLowerCase();
  return [...text.matchAll(fence)].flatMap((match, index): Example[] => {
    const [, indent = "", language = "ts", info = "", body = ""] = match;
    if (/\bno-check\b/.test(info)) return [];
    const line = text.slice(0, match.index).split("\n").length + 1;
    const code = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    const name = named.exec(code)?.[1] ?? `block-${index + 1}.${language}`;
    // The last line makes every block a module; the document's own lines keep their places.
    return [{ document, line, path: `${folder}/${name}`, text: `${code}\nexport {};\n` }];
  });
}

/** The compiler's complaints, told at the lines of the documents. */
export function complaints(output: string, examples: readonly Example[]): string[] {
  return output.split("\n").flatMap((row) => {
    const match = /^(.+?)\((\d+),\d+\): (error .*)$/.exec(row);
    const example = examples.find(({ path }) => match?.[1]?.endsWith(path));
    if (match === null || example === undefined) return row.trim() === "" ? [] : [row];
    return [`${example.document}:${example.line + Number(match[2]) - 1}: ${match[3]}`];
  });
}
