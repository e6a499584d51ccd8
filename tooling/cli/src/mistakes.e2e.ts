/**
 * Mistakes that people make, each told by the real command: one error in the manner of rustc with its place and a way out, the
 * documented exit code, nothing that looks like success, and nothing left behind.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type Code, codes } from "@cantle/core";
import { listLeftovers } from "@cantle/supervisor";
import { processesOf } from "../fixtures/processes.ts";
import { greeter, launch, runToEnd, systemOf, type TestFolder, testFolder, until } from "./fixture.ts";

const timeout = 120_000;
const greets = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };
const keeps = { "system.ts": systemOf("s", ["notes"]), "notes.ts": keeper(["0001-notes"]) };

/** A service with a database of so many migrations. */
function keeper(names: readonly string[]): string {
  const migrations = names.map((name, at) => `"${name}": "create table notes${at} (id text primary key)"`);
  return `
import { contract, get } from "@cantle/contract";
import { database } from "@cantle/database";
import { service } from "@cantle/service";

const notes = contract("notes", { version: "1.0.0", operations: { ask: get("/notes", { access: "public" }) } });

export default service(notes, {
  uses: { database: database({ migrations: { ${migrations.join(", ")} } }) },
  handlers: { ask: async () => {} },
});
`;
}

interface Mistake {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  /** The system's file, where there is another service too. */
  readonly system?: string;
  /** Makes what files alone are not; answers with more words for the command, and what to undo at the end. */
  readonly prepare?: (folder: TestFolder) => Promise<{ words?: readonly string[]; undo?: () => Promise<unknown> }>;
  /** After `start` and `check`. */
  readonly words?: readonly string[];
  /** After `start` alone. */
  readonly startWords?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: Code;
  readonly exit: number;
  readonly place: RegExp;
  /** In the lines below the place. */
  readonly says: readonly RegExp[];
  /** What `check` makes of it; where it is left out it says the same. */
  readonly check?: "finds nothing" | "cannot be asked";
}

/** Starts the system once and ends it, so that there is data. */
async function runOnce({ path: cwd }: TestFolder): Promise<void> {
  await using started = launch(["start", "--units", "one", "--port", "0"], { cwd });
  await started.until(/is ready at/);
}

/** Data of a program that has one migration more. */
async function keepMore(folder: TestFolder) {
  await folder.write("notes.ts", keeper(["0001-notes", "0002-later"]));
  await runOnce(folder);
  await folder.write("notes.ts", keeper(["0001-notes"]));
  return {};
}

/** Data of a Cantle that is still to be written. */
async function keepNewer(folder: TestFolder) {
  await runOnce(folder);
  const file = new DatabaseSync(join(folder.path, ".cantle/data/notes.sqlite"));
  file.exec("pragma user_version = 999");
  file.close();
  return {};
}

/** Another program on the port that is asked for. */
async function takePort() {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  return { words: ["--port", String(port)], undo: async () => other.close() };
}

/** The same system, started before. */
async function startBefore({ path: cwd }: TestFolder) {
  const first = launch(["start", "--units", "one", "--port", "0"], { cwd });
  const [, gateway] = await first.until(/is ready at (\S+)/);
  const undo = async () => {
    assert.equal((await fetch(`${gateway}/greetings/ann`)).status, 200, "the first goes on");
    await first[Symbol.asyncDispose]();
  };
  return { undo };
}

const dated = greeter().replace("output: z.object({ text: z.string() })", "output: z.object({ at: z.date() })");
const pathless = greeter().replace("input: z.object({ name: z.string() })", "input: z.object({ nam: z.string() })");
const throwing = `${greeter()}\nthrow new TypeError("no greeting today");`;

/** Mistakes in one service. */
const ofServices: readonly Mistake[] = [
  {
    what: "a Date in a contract",
    files: { ...greets, "greetings.ts": dated },
    code: "CONTRACT_INVALID",
    exit: 3,
    place: /^contract\("greetings"\)\.operations\.greet\.output$/,
    says: [/^cause: Date cannot be represented in JSON Schema$/, /^help: use strings for dates/],
  },
  {
    what: "a path parameter that the input lacks",
    files: { ...greets, "greetings.ts": pathless },
    code: "CONTRACT_INVALID",
    exit: 3,
    place: /^contract\("greetings"\)\.operations\.greet$/,
    says: [/^help: add 'name' to the input schema$/],
  },
  {
    what: "a module that throws",
    files: { ...greets, "greetings.ts": throwing },
    code: "SERVICE_BROKEN",
    exit: 3,
    place: /\/greetings\.ts:\d+:\d+$/,
    says: [/^cause: no greeting today$/, /^help: mend the module/],
  },
  {
    what: "a module that is no TypeScript",
    files: { ...greets, "greetings.ts": "const greetings = ;" },
    code: "SERVICE_BROKEN",
    exit: 3,
    place: /\/greetings\.ts:1$/,
    says: [/^cause: Expression expected$/, /^help: mend the module/],
  },
  {
    what: "a module that is not there",
    files: { "system.ts": systemOf("s", ["greetings"]) },
    code: "SERVICE_BROKEN",
    exit: 3,
    place: /^system\("s"\)\.services\.greetings$/,
    says: [/^cause: Cannot find module '.*greetings\.ts'/, /^help: mend the module/],
  },
  {
    what: "a migration that the program lacks",
    files: keeps,
    prepare: keepMore,
    code: "MIGRATION_MISSING",
    exit: 3,
    place: /^notes\.database$/,
    says: [/^help: run the version that has them/],
    check: "finds nothing",
  },
  {
    what: "data of a newer version",
    files: keeps,
    prepare: keepNewer,
    code: "DATA_NEWER",
    exit: 3,
    place: /\/\.cantle\/data\/notes\.sqlite$/,
    says: [/^help: run that version, or restore a backup/],
    check: "finds nothing",
  },
  {
    what: "an engine that nobody has",
    files: keeps,
    env: { NOTES_DATABASE_URL: "oracle://localhost" },
    code: "ENGINE_MISSING",
    exit: 5,
    place: /^NOTES_DATABASE_URL$/,
    says: [/^help: use one of sqlite:/],
    check: "finds nothing",
  },
];

const ofSystems: readonly Mistake[] = [
  {
    what: "a wrong configuration value",
    files: { ...greets, "config.yaml": "greetings: { mark: 5 }\n" },
    code: "CONFIG_INVALID",
    exit: 3,
    place: /^greetings\.mark$/,
    says: [/^greetings\.mark: .*expected string.*\(from config\.yaml\)$/, /^help: change each where it came from/],
  },
  {
    what: "several wrong configuration values",
    files: { ...greets, "config.yaml": "greetings: { mark: 5, marc: 6 }\nnobody: 1\n" },
    words: ["--set", "greetings.apiTokn=x"],
    code: "CONFIG_INVALID",
    exit: 3,
    place: /^nobody, greetings\.marc, greetings\.apiTokn, greetings\.mark$/,
    says: [
      /^nobody: is not a service.*\(from config\.yaml\)$/,
      /^greetings\.marc: .*did you mean 'mark'\? \(from config\.yaml\)$/,
      /^greetings\.apiTokn: .*did you mean 'apiToken'\? \(from --set\)$/,
      /^greetings\.mark: .*expected string.*\(from config\.yaml\)$/,
      /^help: /,
    ],
  },
  {
    what: "a configuration file that is no YAML",
    files: { ...greets, "config.yaml": "greetings:\n  mark: [\n" },
    code: "CONFIG_INVALID",
    exit: 3,
    place: /\/config\.yaml:3:1$/,
    says: [/^cause: /, /^help: /],
  },
  {
    what: "a profile without a file",
    files: greets,
    words: ["--profile", "nowhere"],
    code: "CONFIG_INVALID",
    exit: 3,
    place: /\/config\.nowhere\.yaml$/,
    says: [/^help: write it, or choose another profile$/],
  },
  {
    what: "a port that is taken",
    files: greets,
    prepare: takePort,
    code: "PORT_BUSY",
    exit: 7,
    place: /^gateway\.port$/,
    says: [/^cause: (listen|bind) EADDRINUSE/, /^help: stop the other program, or choose a port with --port$/],
    check: "finds nothing",
  },
  {
    what: "an address of another machine",
    files: greets,
    startWords: ["--host", "192.0.2.1"],
    code: "CONFIG_INVALID",
    exit: 3,
    place: /^gateway\.host$/,
    says: [/^cause: (listen|bind) EADDRNOTAVAIL/, /^help: choose an address of this machine with --host$/],
    check: "finds nothing",
  },
  {
    what: "a second start in a folder",
    files: greets,
    prepare: startBefore,
    code: "ALREADY_RUNNING",
    exit: 7,
    place: /\/\.cantle\/run$/,
    says: [/^help: stop it with `cantle stop`/],
    check: "finds nothing",
  },
];

/** Mistakes that are made before there is a placement. */
const ofCommands: readonly Mistake[] = [
  {
    what: "a unit of a service that does not exist",
    files: {
      ...greets,
      "system.ts": greets["system.ts"].replace("services:", 'units: { web: ["greting"] },\n services:'),
    },
    code: "PLACEMENT_IMPOSSIBLE",
    exit: 3,
    place: /^system\("s"\)\.units\.web$/,
    says: [/^help: the services are greetings$/],
  },
  {
    what: "a placement that nobody wrote",
    files: greets,
    startWords: ["--units", "nowhere"],
    code: "PLACEMENT_IMPOSSIBLE",
    exit: 3,
    place: /^--units$/,
    says: [/^help: choose one of one, each, threads, http, units$/],
    check: "finds nothing",
  },
  {
    what: "a folder without a system",
    files: {},
    code: "USAGE",
    exit: 2,
    place: /\/cantle-cli-\w+$/,
    says: [/^help: go to the folder with system\.ts, or name it with --system$/],
    check: "cannot be asked",
  },
  {
    what: "a system's file that does not exist",
    files: greets,
    words: ["--system", "sistem.ts"],
    code: "USAGE",
    exit: 2,
    place: /\/sistem\.ts$/,
    says: [/^help: name the file that exports the system/],
    check: "cannot be asked",
  },
  {
    what: "a system's file that exports something else",
    files: { ...greets, "system.ts": "export const system = 5;" },
    code: "SYSTEM_INVALID",
    exit: 3,
    place: /\/system\.ts$/,
    says: [/^help: write: export default system\(/],
  },
  {
    what: "a system's file that throws",
    files: { ...greets, "system.ts": "throw new RangeError('too much');" },
    code: "SYSTEM_INVALID",
    exit: 3,
    place: /\/system\.ts:1:\d+$/,
    says: [/^cause: too much$/, /^help: mend it/],
  },
  {
    what: "a system that contradicts itself",
    files: { ...greets, "system.ts": greets["system.ts"].replace('"s"', '"S!"') },
    code: "SYSTEM_INVALID",
    exit: 3,
    place: /^system\("S!"\)$/,
    says: [/^help: use small letters/],
  },
  {
    what: "an option that does not exist",
    files: greets,
    words: ["--sett", "a.b=c"],
    code: "USAGE",
    exit: 2,
    place: /^cantle (start|check)$/,
    says: [/^help: did you mean --set\?$/],
    check: "cannot be asked",
  },
];

for (const mistake of [...ofServices, ...ofSystems]) {
  test(`${mistake.what}: one error ${mistake.code}, in one process as in many, exit code ${mistake.exit}`, {
    timeout,
  }, async () => {
    assert.equal(codes[mistake.code].exit, mistake.exit);
    await Promise.all([started(mistake, ["--units", "one"]), started(mistake, ["--units", "each"]), checked(mistake)]);
  });
}

for (const mistake of ofCommands) {
  test(`${mistake.what}: one error ${mistake.code}, exit code ${mistake.exit}`, { timeout }, async () => {
    assert.equal(codes[mistake.code].exit, mistake.exit);
    await Promise.all([started(mistake, []), checked(mistake)]);
  });
}

for (const mistake of ofServices) {
  test(`${mistake.what} in one service of several: the others go on, and the error is told once`, {
    timeout,
  }, async () => {
    await Promise.all(["one", "each", "threads"].map((units) => othersGoOn(mistake, units)));
  });
}

test("in one process wrong configuration of one service stops them all, in many it stops that service", {
  timeout,
}, async () => {
  const files = {
    ...greets,
    "system.ts": systemOf("s", ["greetings", "farewells"]),
    "farewells.ts": greeter("goodbye").replaceAll("greetings", "farewells"),
    "config.yaml": "greetings: { mark: 5 }\n",
  };
  const mistake = ofSystems[0] as Mistake;
  await Promise.all([
    started({ ...mistake, files }, ["--units", "one"]),
    othersGoOn({ ...mistake, files }, "each", "farewells"),
  ]);
});

test("a program that does not exist: the others go on, and the error is told once", { timeout }, async () => {
  const system = `
import { external, system } from "@cantle/system";
export default system("s", {
  services: { greetings: external({ command: "no-such-program" }), friends: () => import("./friends.ts") },
});
`;
  const mistake: Mistake = {
    what: "",
    files: {},
    system,
    code: "COMMAND_MISSING",
    exit: 5,
    place: /^system\("s"\)\.services\.greetings/,
    says: [/^help: /],
  };
  await Promise.all(["one", "each", "threads"].map((units) => othersGoOn(mistake, units)));
});

async function started(mistake: Mistake, placement: readonly string[]): Promise<void> {
  await using folder = await testFolder(mistake.files);
  const { words = [], undo } = (await mistake.prepare?.(folder)) ?? {};
  const { exit, stdout, stderr } = await runToEnd(
    ["start", ...placement, "--port", "0", ...(mistake.words ?? []), ...(mistake.startWords ?? []), ...words],
    { cwd: folder.path, env: mistake.env ?? {} },
  );
  await undo?.();
  assertTold(stderr, mistake);
  assert.deepEqual([exit, stdout], [mistake.exit, ""], stderr);
  await assertNothingLeft(folder.path);
}

async function checked(mistake: Mistake): Promise<void> {
  await using folder = await testFolder(mistake.files);
  const words = ["check", ...(mistake.words ?? [])];
  const { exit, stdout, stderr } = await runToEnd(words, { cwd: folder.path, env: mistake.env ?? {} });
  if (mistake.check === "finds nothing") {
    assert.deepEqual([exit, stdout, stderr], [0, "no mistakes found\n", ""]);
    return;
  }
  assertTold(stderr, mistake);
  const told = mistake.check === "cannot be asked" ? "" : "1 mistake\n";
  assert.deepEqual([exit, stdout], [mistake.exit, told], stderr);
}

/** The mistake's system with one more service, which answers. */
async function othersGoOn(mistake: Mistake, units: string, other = "friends"): Promise<void> {
  const [broken] = Object.keys(mistake.files).includes("notes.ts") ? ["notes"] : ["greetings"];
  const names = [broken as string, other];
  await using folder = await testFolder({
    ...mistake.files,
    "system.ts": mistake.system ?? systemOf("s", names),
    [`${other}.ts`]: greeter().replaceAll("greetings", other),
  });
  const cwd = folder.path;
  await mistake.prepare?.(folder);
  await using start = launch(["start", "--units", units, "--port", "0"], { cwd, env: mistake.env ?? {} });
  const [, gateway, missing] = await start.until(/^s is ready at (\S+), without (.*) \(/m);
  assert.equal(missing, broken);
  const reply = await fetch(`${gateway}/${other}/ann`);
  assert.equal(reply.status, 200, start.stderr());
  start.child.kill("SIGTERM");
  assert.equal(await start.ended, 0, start.stderr());
  assertTold(start.stderr(), mistake);
  await assertNothingLeft(cwd);
}

/** One error, its place, what it says, and nothing of how the program is made. */
function assertTold(stderr: string, { code, place, says }: Mistake): void {
  assert.equal(stderr.match(/\berror(\[|:)/g)?.length, 1, stderr);
  const [, found, shown = "", more = ""] =
    /^error\[(\w+)\]: .+\n {2}--> (.+)\n((?: {2}.+\n)*)/m.exec(stderr) ?? assert.fail(stderr);
  assert.equal(found, code);
  assert.match(shown, place);
  const lines = more.split("\n").map((line) => line.trim());
  for (const shape of says)
    assert.ok(
      lines.some((line) => shape.test(line)),
      `${shape}\n${stderr}`,
    );
  assert.doesNotMatch(stderr, /^\s+at |node:internal|\\x0a/m);
}

/** What watches over the processes ends a moment after them. */
async function assertNothingLeft(folder: string): Promise<void> {
  assert.deepEqual(listLeftovers(folder), []);
  await until(() => processesOf(folder).length === 0);
}
