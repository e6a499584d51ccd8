/** Starting: one service until its first answer, and three services in development. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contest, Contestant, Measures } from "../harness/contest.ts";
import { residentMiB } from "../harness/cpu.ts";
import { freePort } from "../harness/free-port.ts";
import { startProgram } from "../harness/program.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const cantle = file("../../tooling/cli/bin/cantle.js");
const firstService = file("../../examples/01-first-service");

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const env = { NODE_COMPILE_CACHE: join(folder, "compiled"), CANTLE_HOME: join(folder, "home"), LOG_LEVEL: "error" };
  await mkdir(env.CANTLE_HOME);
  const close = () => rm(folder, { recursive: true, force: true });
  return [firstAnswer(env), { ...developed(env), close }];
}

type Env = Readonly<Record<string, string>>;

/** The turn before the rounds fills the compile cache. */
const turns = { rounds: 7, turnMs: 0, warmMs: 1 };

function firstAnswer(env: Env): Contest {
  const work = "one service";
  const contestant = (name: string, args: (port: string) => string[]) =>
    once(name, async () => {
      const port = String(await freePort());
      const program = startProgram(args(port), { ...env, PORT: port });
      const body = { email: "ann@example.com", name: "Ann" };
      try {
        const atMs = await program.answered({
          url: `http://127.0.0.1:${port}/accounts`,
          body,
          isGood: (status) => status === 201,
        });
        return { ms: atMs - program.startedMs, MiB: residentMiB(program.family()) };
      } finally {
        await program.stop("SIGTERM");
      }
    });
  const target = { contestant: "cantle, one process", work, to: "fastify + zod", atMost: 1.25, stretch: 1 };
  return {
    ...turns,
    title: "first answer, and resident memory then",
    works: [work],
    reference: "fastify + zod",
    columns: () => [
      { measure: "ms", title: "ms", digits: 0 },
      { measure: "MiB", title: "MiB", digits: 0 },
    ],
    contestants: [
      contestant("node:http", () => [file("./node-http.ts")]),
      contestant("fastify + zod", () => [file("./fastify-zod.ts")]),
      contestant("cantle, one process", (port) => [cantle, "start", firstService, "--units", "one", "--port", port]),
      contestant("cantle, processes", (port) => [cantle, "start", firstService, "--port", port]),
    ],
    targets: [
      { ...target, measure: "ms" },
      { ...target, measure: "MiB" },
    ],
    notes: [
      "from the spawn to the first POST answered with 201; all processes are counted, pages that they share in each; the compile cache is warm",
      "cantle opens its gateway, its issuer and an SQLite database besides",
    ],
  };
}

function developed(env: Env): Contest {
  const work = "three services";
  const target = { contestant: "cantle dev", work };
  return {
    ...turns,
    title: "cantle dev",
    works: [work],
    columns: () => [
      { measure: "readyMs", title: "ready ms", digits: 0 },
      { measure: "reloadMs", title: "reload ms", digits: 0 },
      { measure: "stopMs", title: "stop ms", digits: 0 },
      { measure: "MiB", title: "MiB", digits: 0 },
    ],
    contestants: [once("cantle dev", () => develop(env))],
    targets: [
      { ...target, measure: "readyMs", atMost: 1_500, stretch: 1_000 },
      { ...target, measure: "reloadMs", atMost: 300 },
      { ...target, measure: "stopMs", atMost: 1_000 },
    ],
    notes: [
      "ready: all three answer; reload: from the write of a file to the first answer of the new code; stop: from Ctrl-C to the end",
    ],
  };
}

/** A copy of the three services is started, edited and stopped. It lies in this repository, where its imports are found. */
async function develop(env: Env): Promise<Measures> {
  await mkdir(file("../.cantle"), { recursive: true });
  const folder = await mkdtemp(file("../.cantle/three-"));
  await cp(file("./three"), folder, { recursive: true });
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const program = startProgram([cantle, "dev", folder, "--port", port], env);
  let stopMs = 0;
  try {
    const answers = ["one", "two", "three"].map((name) =>
      program.answered({ url: `${url}/${name}`, isGood: (status) => status === 200 }),
    );
    const readyMs = Math.max(...(await Promise.all(answers))) - program.startedMs;
    const MiB = residentMiB(program.family());
    await program.wrote("watching for edits");
    const source = join(folder, "one.ts");
    const edited = (await readFile(source, "utf8")).replace("before", "after");
    const editedMs = performance.now();
    await writeFile(source, edited);
    const reloadedMs = await program.answered({ url: `${url}/one`, isGood: (_status, text) => text.includes("after") });
    stopMs = await program.stop("SIGINT");
    return { readyMs, reloadMs: reloadedMs - editedMs, stopMs, MiB };
  } finally {
    if (stopMs === 0) await program.stop("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
}

function once(name: string, turn: () => Promise<Measures>): Contestant {
  return { name, start: async () => ({ turn, stop: async () => {} }) };
}
