/**
 * What instances write, as lines that may be shown. A program's output goes to somebody's terminal, so nothing in it may
 * steer that terminal: control characters become visible (`\x1b`), save tabs and colours (SGR), which end with their line.
 */
import { plain } from "@cantle/core";

/** The longest line kept, characters; the rest of a longer one is counted and dropped. */
export const lineCharsMax = 16_384;

const reset = "\u001b[0m";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const colour = /(\u001b\[[0-9;:]*m|\t)/;

/** One line that may be shown. */
export function safeLine(line: string): string {
  // Splitting by a captured pattern puts what is kept at the odd places.
  const parts = line.split(colour);
  const safe = parts.map((part, index) => (index % 2 === 1 ? part : plain(part))).join("");
  return parts.some((part, index) => index % 2 === 1 && part !== "\t") && !safe.endsWith(reset) ? safe + reset : safe;
}

/** Several lines that may be shown. */
export function safeText(text: string): string {
  return text.split("\n").map(safeLine).join("\n");
}

/** Makes lines of bytes. */
export interface LineReader {
  write(bytes: Uint8Array): void;
  /** Gives out what is left without its newline. */
  end(): void;
}

/** A reader that holds at most `lineCharsMax` characters, whatever comes. */
export function createLineReader(onLine: (line: string) => void): LineReader {
  const decoder = new TextDecoder();
  let held = "";
  let cut = 0;
  const take = (part: string) => {
    const room = lineCharsMax - held.length;
    held += part.slice(0, room);
    cut += Math.max(0, part.length - room);
  };
  const flush = () => {
    const line = safeLine(held.endsWith("\r") ? held.slice(0, -1) : held);
    onLine(cut === 0 ? line : `${line} … (${cut} characters cut)`);
    held = "";
    cut = 0;
  };
  return {
    write(bytes) {
      const [first = "", ...rest] = decoder.decode(bytes, { stream: true }).split("\n");
      take(first);
      for (const part of rest) {
        flush();
        take(part);
      }
    },
    end() {
      take(decoder.decode());
      if (held !== "" || cut > 0) flush();
    },
  };
}
