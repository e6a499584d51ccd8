/** For tests: a terminal that remembers, folders with systems in them, and the real command line as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import type { Terminal } from "./terminal.ts";

const repository = resolve(import.meta.dirname, "../../..");
/** The launcher. */
export const bin = join(repository, "tooling/cli/bin/cantle.js");
/** The folder of the first example. */
export const firstExample = join(repository, "examples/01-first-service");

/** A terminal without colours that keeps what is written to it. */
export interface TestTerminal extends Terminal {
  readonly result: string[];
  readonly progress: string[];
}

/** A terminal in a folder. */
export function testTerminal(options: { cwd?: string; env?: Terminal["env"]; input?: string } = {}): TestTerminal {
  const { cwd = firstExample, env = {}, input = "" } = options;
  const result: string[] = [];
  const progress: string[] = [];
  return {
    cwd,
    env,
    result,
    progress,
    out: (line) => void result.push(line),
    write: async (chunk) => void result.push(Buffer.from(chunk).toString()),
    err: (line) => void progress.push(line),
    readInput: async () => input,
    paintOut: (_, text) => text,
    paintErr: (_, text) => text,
  };
}

/** A folder that goes away with the test. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  write(name: string, text: string): Promise<void>;
}

/** A folder with these files, from which packages are found as in the repository. */
export async function testFolder(files: Readonly<Record<string, string>> = {}): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), "cantle-cli-"));
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  };
  await symlink(join(repository, "node_modules"), join(path, "node_modules"));
  await write("package.json", '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { path, write, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A service that greets: `GET /greetings/{name}`, and an internal operation. */
export function greeter(greeting = "hello"): string {
  return `
import { contract, get } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";

export const greetings = contract("greetings", {
  version: "1.2.0",
  operations: {
    greet: get("/greetings/{name}", { access: "public", input: z.object({ name: z.string() }), output: z.object({ text: z.string() }) }),
    count: get("/greetings", { output: z.object({ count: z.int() }) }),
  },
});

export default service(greetings, {
  config: z.object({ mark: z.string().default("!"), apiToken: z.string().default("hidden") }),
  handlers: {
    greet: async ({ name }, { config }) => ({ text: \`${greeting} \${name}\${config.mark}\` }),
    count: async () => ({ count: 0 }),
  },
});
`;
}

/** The file of a system of these services, each in a module of its own name. */
export function systemOf(name: string, services: readonly string[]): string {
  const members = services.map((service) => `    ${service}: () => import("./${service}.ts"),`).join("\n");
  return `import { system } from "@cantle/system";\nexport default system("${name}", {\n  services: {\n${members}\n  },\n});\n`;
}

/** A command that runs as a process. */
export interface Launched extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when it has written what matches, to either; rejects when it ends before. */
  until(shape: RegExp): Promise<RegExpExecArray>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Where a command runs. */
export interface LaunchOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another Node.js than that of the test. */
  readonly node?: string;
  /** Another launcher than that of the repository. */
  readonly bin?: string;
}

/** Runs `cantle` with these words. */
export function launch(
  words: readonly string[],
  { cwd, env, node = process.execPath, bin: launcher = bin }: LaunchOptions,
): Launched {
  const { NODE_TEST_CONTEXT: _, PORT: __, HOST: ___, NODE_OPTIONS: ____, ...inherited } = process.env;
  const child = spawn(node, [launcher, ...words], {
    cwd,
    env: { ...inherited, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const heard = () => {
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    heard();
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? (signal as NodeJS.Signals)));
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    until: (shape) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = shape.exec(stdout) ?? shape.exec(stderr);
          if (found === null) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        void ended.then((end) => reject(new Error(`ended with ${end} before ${shape}:\n${stdout}\n${stderr}`)));
      }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Runs `cantle` with these words to its end. */
export async function runToEnd(
  words: readonly string[],
  options: LaunchOptions,
): Promise<{ readonly exit: number | NodeJS.Signals; readonly stdout: string; readonly stderr: string }> {
  const launched = launch(words, options);
  return { exit: await launched.ended, stdout: launched.stdout(), stderr: launched.stderr() };
}

/** Resolves when a condition holds. The test's own time limit is what ends the waiting otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** True while a process of this number exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
