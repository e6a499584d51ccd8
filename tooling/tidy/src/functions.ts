/**
 * The functions in blanked code: declarations, methods and arrows with a body, found by their parentheses: `( ... )`, perhaps a
 * return type, perhaps `=>`, then `{`.
 */
import { closing, lineAt } from "./scan.ts";

/** One function. */
export interface FunctionShape {
  /** Its name, or `line 12` for one without. */
  readonly name: string;
  readonly line: number;
  /** From the line of its parentheses to that of its closing brace. */
  readonly lines: number;
  readonly parameters: number;
  /** True when `test("...` or the like stands in its body: then it is a list of tests. */
  readonly listsTests: boolean;
}

const notFunctions = new Set(["if", "for", "while", "switch", "catch", "with"]);

/** Every function with a body, outer ones before those inside. */
export function functionsOf(code: string): FunctionShape[] {
  return [...code.matchAll(/\(/g)].flatMap(({ index: open }) => {
    const before = /([\w$]+)\s*$/.exec(beforeTypeParameters(code, open))?.[1] ?? "";
    if (notFunctions.has(before)) return [];
    const close = closing(code, open);
    const body = bodyAfter(code, close);
    if (body === undefined) return [];
    const line = lineAt(code, open);
    const end = closing(code, body);
    return [
      {
        name: nameOf(code, open, before) ?? `line ${line}`,
        line,
        lines: lineAt(code, end) - line + 1,
        parameters: parametersIn(code.slice(open + 1, close - 1)),
        listsTests: /^\s*(await\s+)?(t\.)?(test|it|describe|check|suite)(\.\w+)?\(\s*["'`]/m.test(
          code.slice(body, end),
        ),
      },
    ];
  });
}

function beforeTypeParameters(code: string, open: number): string {
  const head = code.slice(Math.max(0, open - 300), open).trimEnd();
  if (!head.endsWith(">") || head.endsWith("=>")) return head;
  let depth = 0;
  for (let at = head.length - 1; at >= 0; at--) {
    if (head[at] === ">" && head[at - 1] !== "=") depth++;
    if (head[at] === "<" && --depth === 0) return head.slice(0, at);
  }
  return head;
}

function nameOf(code: string, open: number, before: string): string | undefined {
  if (before !== "" && before !== "function" && before !== "async") return before;
  const head = beforeTypeParameters(code, open);
  return /([\w$]+)\s*(?::[^=;{}]*)?[=:]\s*(?:async\s*)?(?:function\s*)?$/.exec(head)?.[1];
}

/** The offset of the `{` of a body behind the parentheses that end at `at`, if there is one. */
function bodyAfter(code: string, at: number): number | undefined {
  const rest = skipBlank(code, at);
  if (code[rest] === "{") return rest;
  if (code.startsWith("=>", rest)) return braceAt(code, rest + 2);
  if (code[rest] !== ":") return undefined;
  return bodyAfterType(code, rest + 1);
}

const typeWords = new Set(["keyof", "typeof", "readonly", "is", "asserts", "extends", "infer", "unique", "new", "in"]);

/** A brace that follows `:`, `|`, `&`, `=>` and the like opens a type; any other opens the body. */
function bodyAfterType(code: string, start: number): number | undefined {
  let wantsType = true;
  for (let at = skipBlank(code, start); at < code.length; at = skipBlank(code, at)) {
    if (code.startsWith("=>", at)) {
      const brace = braceAt(code, at + 2);
      // An arrow behind parentheses inside the type is a function type; the arrow's own body is the last one.
      if (brace !== undefined && !wantsType) return brace;
      wantsType = true;
      at += 2;
    } else if (code[at] === "{") {
      if (!wantsType) return at;
      at = closing(code, at);
      wantsType = false;
    } else if (code[at] === "(" || code[at] === "[") {
      at = closing(code, at);
      wantsType = false;
    } else if (code[at] === "<") {
      at = endOfAngles(code, at);
      wantsType = false;
    } else if (/[|&?:]/.test(code[at] as string)) {
      wantsType = true;
      at++;
    } else if (/["'`]/.test(code[at] as string)) {
      at = code.indexOf(code[at] as string, at + 1) + 1;
      wantsType = false;
    } else if (/[\w$.-]/.test(code[at] as string)) {
      const word = /^[\w$.-]+/.exec(code.slice(at, at + 200))?.[0] as string;
      wantsType = typeWords.has(word);
      at += word.length;
    } else return undefined;
  }
  return undefined;
}

function endOfAngles(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === "<") depth++;
    if (code[at] === ">" && code[at - 1] !== "=" && --depth === 0) return at + 1;
  }
  return code.length;
}

function braceAt(code: string, at: number): number | undefined {
  const next = skipBlank(code, at);
  return code[next] === "{" ? next : undefined;
}

function skipBlank(code: string, at: number): number {
  let next = at;
  while (next < code.length && /\s/.test(code[next] as string)) next++;
  return next;
}

/** Commas at the outermost level of a parameter list; a `this` parameter and a trailing comma do not count. */
function parametersIn(list: string): number {
  let depth = 0;
  let count = 0;
  let seen = "";
  for (const [at, char] of [...list].entries()) {
    if ("([{<".includes(char)) depth++;
    if (")]}".includes(char) || (char === ">" && list[at - 1] !== "=")) depth--;
    if (char === "," && depth === 0) {
      if (seen.trim() !== "" && !/^\s*this\s*:/.test(seen)) count++;
      seen = "";
    } else seen += char;
  }
  return seen.trim() === "" ? count : count + 1;
}
