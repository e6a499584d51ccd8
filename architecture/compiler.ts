/** The TypeScript compiler as the tests of this folder run it: once a project, its report read as data. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

/** One error of a compilation. */
export interface CompileError {
  /** The file, relative to the project's folder. */
  readonly file: string;
  readonly line: number;
  /** All it says, the explaining lines included. */
  readonly text: string;
}

/** What the compiler said of a project. */
export interface Compilation {
  readonly errors: readonly CompileError[];
  readonly output: string;
}

/** Checks the project in a folder; `flags` are the compiler's own. */
export async function compile(folder: string, ...flags: string[]): Promise<Compilation> {
  const output = await new Promise<string>((resolve, reject) => {
    const args = [tsc, "-p", "tsconfig.json", "--pretty", "false", ...flags];
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      // Exit codes 1 and 2 are errors in what was compiled; anything else is the compiler's own trouble.
      if (error && error.code !== 1 && error.code !== 2) reject(new Error(stderr || stdout, { cause: error }));
      else resolve(stdout);
    });
  });
  const errors: CompileError[] = [];
  for (const line of output.split("\n")) {
    const [, file, at, text] = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    const last = errors.at(-1);
    if (file !== undefined) errors.push({ file, line: Number(at), text: text ?? "" });
    else if (/^error /.test(line)) throw new Error(line);
    else if (last !== undefined && line.startsWith(" "))
      errors[errors.length - 1] = { ...last, text: `${last.text}\n${line}` };
  }
  return { errors, output };
}
