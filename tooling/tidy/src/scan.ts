/**
 * A scanner of TypeScript, just careful enough for the rules: it knows comments, strings, templates and regular
 * expressions, and nothing of grammar. `code` has the length and the lines of the text, with the insides of comments and
 * literals blanked, so that a search in it finds only code, at the right place.
 *
 * Trap: whether `/` divides or begins a regular expression is decided by what stands before it; after `)` it divides.
 */

/** A comment or a string, with its place. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** Comments with their marks, strings without their quotes. */
  readonly text: string;
}

/** What a text is made of. */
export interface Scan {
  readonly code: string;
  readonly comments: readonly Piece[];
  readonly strings: readonly Piece[];
}

/** Takes a text apart. */
export function scan(text: string): Scan {
  const comments: Piece[] = [];
  const strings: Piece[] = [];
  const code = text.split("");
  // Open braces of `${`: the depth of other braces at which a `}` ends the expression.
  const templates: number[] = [];
  let depth = 0;
  let before = "";

  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at++) if (code[at] !== "\n") code[at] = " ";
  };
  const comment = (at: number, end: number): number => {
    comments.push({ start: at, end, text: text.slice(at, end) });
    blank(at, end);
    return end;
  };
  const quoted = (at: number): number => {
    const end = endOfQuoted(text, at);
    // An apostrophe in the text of a page: nothing closes it on its line.
    if (end < 0) return at + 1;
    strings.push({ start: at, end, text: text.slice(at + 1, end - 1) });
    blank(at + 1, end - 1);
    return end;
  };
  const template = (at: number): number => {
    const { end, open } = endOfTemplate(text, at);
    strings.push({ start: at, end, text: text.slice(at + 1, end - (open ? 2 : 1)) });
    blank(at + 1, end - (open ? 2 : 1));
    if (open) templates.push(depth);
    return end;
  };
  const step = (at: number): number => {
    const char = text[at] as string;
    if (text.startsWith("//", at)) return comment(at, endOr(text.indexOf("\n", at), text.length));
    if (text.startsWith("/*", at)) return comment(at, endOr(text.indexOf("*/", at + 2), text.length - 2) + 2);
    if (char === '"' || char === "'") return quoted(at);
    if (char === "`") return template(at);
    if (char === "/" && beginsRegex(before)) {
      const end = endOfRegex(text, at);
      blank(at + 1, end - 1);
      return end;
    }
    if (char === "}" && templates.at(-1) === depth) {
      templates.pop();
      return template(at);
    }
    if (char === "{") depth++;
    if (char === "}") depth--;
    return at + 1;
  };

  for (let at = 0; at < text.length; ) {
    const end = step(at);
    before = lastToken(before, code.slice(at, end).join("").trim(), isWord(code, at - 1));
    at = end;
  }
  return { code: code.join(""), comments, strings };
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** The offset behind the bracket that closes the one at `open`; the end of the code when none does. */
export function closing(code: string, open: number): number {
  const pairs: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
  const own = code[open] as string;
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === own) depth++;
    if (code[at] === pairs[own] && --depth === 0) return at + 1;
  }
  return code.length;
}

const regexWords = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "delete",
  "void",
  "throw",
  "new",
  "do",
  "else",
  "await",
]);

function beginsRegex(before: string): boolean {
  return before === "" || /^[(,=:[!&|?{};+\-*%~^<>]$/.test(before) || regexWords.has(before);
}

/** What the next `/` would follow: a word, a sign, or `"` for any literal. */
function lastToken(before: string, seen: string, inWord: boolean): string {
  if (seen === "") return before;
  if (seen.length > 1) return seen.endsWith("{") ? "{" : '"';
  return inWord && /[\w$]/.test(seen) ? before + seen : seen;
}

function isWord(code: readonly string[], at: number): boolean {
  return /[\w$]/.test(code[at] ?? "");
}

function endOr(found: number, otherwise: number): number {
  return found < 0 ? otherwise : found;
}

function endOfQuoted(text: string, at: number): number {
  for (let end = at + 1; end < text.length && text[end] !== "\n"; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === text[at]) return end + 1;
  }
  return -1;
}

function endOfTemplate(text: string, at: number): { readonly end: number; readonly open: boolean } {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === "`") return { end: end + 1, open: false };
    else if (text.startsWith("${", end)) return { end: end + 2, open: true };
  }
  return { end: text.length, open: false };
}

function endOfRegex(text: string, at: number): number {
  let inClass = false;
  for (let end = at + 1; end < text.length && text[end] !== "\n"; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === "[") inClass = true;
    else if (text[end] === "]") inClass = false;
    else if (text[end] === "/" && !inClass) return end + 1;
  }
  return at + 1;
}
