/** Starts a part of a contestant in a process of its own and talks to it. Nothing that is started here outlives the harness. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Asked, Driven, PartFacts, Told } from "./part.ts";

/** A part that runs in another process. */
export interface RemotePart extends PartFacts {
  /** The process that was started; those whose work counts may be others. */
  readonly pid: number;
  /** Has it work; rejects with what it died of. */
  drive<Answer = Driven>(order: unknown): Promise<Answer>;
  /** Stops it, by force when it takes longer than `stopMs`. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./part-process.ts", import.meta.url));
const readyMs = 30_000;
const stopMs = 25_000;
const outputMax = 4_000;

/** A module that runs with arguments of Node.js. */
export interface Module {
  readonly url: string;
  readonly nodeArguments: readonly string[];
}

/** Runs `name(...args)` of a module in a new process, and resolves when its part is ready. */
export function startPart(module: string | Module, name: string, args: readonly unknown[] = []): Promise<RemotePart> {
  return start({ ...(typeof module === "string" ? { url: module } : module), name, args });
}

/** The same on one core, with all the processes that it starts. */
export function startPartOn(
  core: number,
  what: { readonly url: string; readonly name: string; readonly args?: readonly unknown[] },
): Promise<RemotePart> {
  return start({ args: [], ...what, core });
}

interface Start extends Partial<Module> {
  readonly url: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly core?: number;
}

async function start({ url, name, args, core, nodeArguments = [] }: Start): Promise<RemotePart> {
  const own = [...process.execArgv, ...nodeArguments];
  const child = fork(program, [fileURLToPath(url), name, JSON.stringify(args)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: own,
    env: { ...process.env, LOG_LEVEL: "error", NODE_ENV: "production" },
    ...(core !== undefined && {
      execPath: "taskset",
      execArgv: ["--cpu-list", String(core), process.execPath, ...own],
    }),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (output = (output + chunk).slice(-outputMax)));
  const waiting = new Map<number, PromiseWithResolvers<any>>();
  const ready = Promise.withResolvers<PartFacts>();
  const exited = Promise.withResolvers<void>();
  child.on("message", (told: Told) => {
    if (told.kind === "ready") ready.resolve(told.facts);
    else if (told.kind === "driven") waiting.get(told.ask)?.resolve(told.driven);
    else waiting.get(told.ask)?.reject(new Error(told.error));
  });
  child.once("error", ready.reject);
  child.once("exit", (code, signal) => {
    const error = new Error(`${name} ended with ${signal ?? code}: ${output.trim()}`);
    ready.reject(error);
    for (const each of waiting.values()) each.reject(error);
    exited.resolve();
  });
  const late = setTimeout(() => {
    ready.reject(new Error(`${name} is not ready after ${readyMs} ms: ${output.trim()}`));
    child.kill("SIGKILL");
  }, readyMs);
  const facts = await ready.promise.finally(() => clearTimeout(late));
  let asked = 0;
  return {
    ...facts,
    pid: child.pid ?? 0,
    drive<Answer>(order: unknown) {
      const answer = Promise.withResolvers<Answer>();
      waiting.set(++asked, answer);
      child.send({ ask: asked, order } satisfies Asked);
      return answer.promise;
    },
    async stop() {
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      if (child.connected) child.disconnect();
      await exited.promise;
      clearTimeout(timer);
    },
  };
}

/** A part that several contestants use; started by the first. */
export interface Shared {
  get(): Promise<RemotePart>;
  stop(): Promise<void>;
}

/** Shares a part. */
export function shared(start: () => Promise<RemotePart>): Shared {
  let part: Promise<RemotePart> | undefined;
  return {
    get: () => (part ??= start()),
    async stop() {
      await part?.then(
        (running) => running.stop(),
        () => {},
      );
    },
  };
}
