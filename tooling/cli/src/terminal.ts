/**
 * What a command has of the world: where it was called, what it may read, and two ways to speak. Commands take it as an
 * argument, so that a test can be the terminal.
 *
 * stdout is the result and nothing else: it can be piped into the next program. stderr is progress, logs and errors.
 */
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { type Paint, painter, showsColours } from "./colours.ts";

/** Where a command runs. */
export interface Terminal {
  /** The folder it was called in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a line of the result. */
  readonly out: (line: string) => void;
  /** Writes bytes of the result as they are. Resolves when more may come. */
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Writes a line of progress. */
  readonly err: (line: string) => void;
  /** Everything on stdin. */
  readonly readInput: () => Promise<string>;
  /** Asks whoever sits there, and answers with the line they write; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
  /** Colours for `out`. */
  readonly paintOut: Paint;
  /** Colours for `err`. */
  readonly paintErr: Paint;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr, stdin } = process;
  return {
    cwd: process.cwd(),
    env,
    out: (line) => void stdout.write(`${line}\n`),
    write: (chunk) => new Promise((resolve) => void stdout.write(chunk, () => resolve())),
    err: (line) => void stderr.write(`${line}\n`),
    readInput: () => text(stdin),
    ...(stdin.isTTY && stderr.isTTY && { ask }),
    paintOut: painter(showsColours({ env, isTerminal: stdout.isTTY })),
    paintErr: painter(showsColours({ env, isTerminal: stderr.isTTY })),
  };
}

/** On stderr, as it is no result. A line that never comes (Ctrl-D, Ctrl-C) is an empty one. */
async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => void reader.once("close", () => resolve("")));
  try {
    return await Promise.race([reader.question(question), closed]);
  } finally {
    reader.close();
  }
}
