/** Programs that are started, asked and stopped as a user would: a command, a port, signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { familyOf } from "./cpu.ts";

/** A program that was started. */
export interface Program {
  readonly startedMs: number;
  /** Its processes just now. */
  family(): number[];
  /** Resolves when it has written this to its standard error. */
  wrote(text: string): Promise<void>;
  /** Asks until the answer is good, and says when that was. Throws when the program ends before. */
  answered(asked: Asked): Promise<number>;
  /** Ends it, and says how many ms that took. */
  stop(signal: "SIGINT" | "SIGTERM"): Promise<number>;
}

/** A request and what is good. */
export interface Asked {
  readonly url: string;
  /** A POST of JSON; absent: a GET. */
  readonly body?: unknown;
  readonly isGood: (status: number, text: string) => boolean;
}

const outputMax = 8_000;
const answerMs = 30_000;
const askAgainMs = 2;

/** Starts a program in Node.js. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output = (output + chunk).slice(-outputMax)));
  const check = () => {
    if (hasEnded(child)) throw new Error(`the program ended: ${output.trim()}`);
  };
  return {
    startedMs,
    family: () => familyOf(child.pid!),
    async wrote(text) {
      while (!output.includes(text)) {
        check();
        await delay(askAgainMs);
      }
    },
    async answered(asked) {
      const lateMs = performance.now() + answerMs;
      while (!(await isGood(asked))) {
        check();
        if (performance.now() > lateMs) throw new Error(`no good answer in ${answerMs} ms: ${output.trim()}`);
        await delay(askAgainMs);
      }
      return performance.now();
    },
    async stop(signal) {
      const sinceMs = performance.now();
      const exited = hasEnded(child) ? undefined : once(child, "exit");
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await exited;
      clearTimeout(late);
      return performance.now() - sinceMs;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function isGood({ url, body, isGood }: Asked): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", connection: "close" };
    const asking = request(url, { method: body === undefined ? "GET" : "POST", headers }, async (answer) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        resolve(isGood(answer.statusCode ?? 0, Buffer.concat(chunks).toString()));
      } catch {
        resolve(false);
      }
    });
    asking.on("error", () => resolve(false));
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
