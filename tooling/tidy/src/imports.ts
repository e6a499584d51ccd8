/** The imports and re-exports of a scanned file. */
import { lineAt, type Scan } from "./scan.ts";

/** One import. */
export interface Import {
  readonly specifier: string;
  /** `static` also for re-exports; `dynamic` for `import("x")`, in types too. */
  readonly kind: "static" | "dynamic";
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
  /** What stands between the keyword and `from`: `{ a, type B }`, `* as x`. */
  readonly clause: string;
}

const staticShapes = [
  /\bimport\s+(type\s+)?([\w$\s{},*]+?)\s*\bfrom\s*(?=["'])/g,
  /\bexport\s+(type\s+)?(\*(?:\s+as\s+[\w$]+)?|\{[\w$\s,]*\})\s*from\s*(?=["'])/g,
  /\bimport\s*()()(?=["'])/g,
];
const dynamicShape = /\bimport\s*\(\s*(?=["'`])/g;

/** Every import of a file, in order. */
export function importsOf({ code, strings }: Scan): Import[] {
  const texts = new Map(strings.map((piece) => [piece.start, piece.text]));
  const found: (Import & { readonly at: number })[] = [];
  const add = (at: number, end: number, rest: Omit<Import, "specifier" | "line">) => {
    const specifier = texts.get(end);
    if (specifier !== undefined) found.push({ specifier, line: lineAt(code, at), at, ...rest });
  };
  for (const shape of staticShapes) {
    for (const match of code.matchAll(shape)) {
      const clause = match[2] ?? "";
      const typeOnly = Boolean(match[1]) || isAllTypes(clause);
      add(match.index, match.index + match[0].length, { kind: "static", typeOnly, clause });
    }
  }
  for (const match of code.matchAll(dynamicShape)) {
    add(match.index, match.index + match[0].length, { kind: "dynamic", typeOnly: false, clause: "" });
  }
  return found.sort((a, b) => a.at - b.at).map(({ at: _, ...each }) => each);
}

/** `@scope/name` or `name` of a specifier that is not relative. */
export function moduleOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The path that a relative specifier means, from the root. */
export function resolveRelative(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function isAllTypes(clause: string): boolean {
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1];
  if (names === undefined) return false;
  const each = names
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  return each.length > 0 && each.every((name) => name.startsWith("type "));
}
