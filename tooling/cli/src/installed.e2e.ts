/**
 * Cantle as its users get it: every published package packed, installed by npm in an empty folder, and the first service of the
 * documents written, checked, run, edited and stopped there. The npm registry is not asked.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { npm, packAll } from "../fixtures/packages.ts";
import { processesOf } from "../fixtures/processes.ts";
import { startRegistry } from "../fixtures/registry.ts";
import { firstExample, isAlive, type LaunchOptions, launch, runToEnd, until } from "./fixture.ts";

const timeout = 60_000;
const repository = resolve(import.meta.dirname, "../../..");
const work = mkdtempSync(join(tmpdir(), "cantle-installed-"));
/** The user's folder, with the first example; below it, the first service as the README has it. */
const user = join(work, "user");
const readme = join(user, "readme");
const where: LaunchOptions = { cwd: user, bin: join(user, "node_modules/.bin/cantle") };
const wanted = ["cantle", "@cantle/contract", "@cantle/database", "@cantle/service", "@cantle/system", "zod"];
const strict = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: "NodeNext",
    target: "ES2024",
    allowImportingTsExtensions: true,
    skipLibCheck: false,
  },
};

before(async () => {
  const registry = await startRegistry(await packAll(work));
  try {
    mkdirSync(readme, { recursive: true });
    writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
    const from = ["--registry", registry.url, "--cache", join(work, "cache"), "--no-audit", "--no-fund"];
    await npm(user, "install", ...from, ...wanted);
    await npm(user, "install", ...from, "--save-dev", "@types/node");
  } finally {
    await registry.stop();
  }
  for (const name of ["contract.ts", "service.ts", "system.ts"]) cpSync(join(firstExample, name), join(user, name));
  const text = readFileSync(join(repository, "README.md"), "utf8");
  for (const [, name = "", code = ""] of text.matchAll(/^```ts\n\/\/ (\w+\.ts)\n([\s\S]*?)^```/gm))
    writeFileSync(join(readme, name), code);
  writeFileSync(join(user, "tsconfig.json"), JSON.stringify(strict));
});

after(() => rmSync(work, { recursive: true, force: true }));

/** What the compiler says of everything in the user's folder. */
function typeCheck(): string {
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", "."], { cwd: user, encoding: "utf8" }).stdout;
}

interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

async function send(url: string, method: string, body?: object): Promise<[status: number, reply: Account]> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, body === undefined ? { method } : { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  return [response.status, (text === "" ? undefined : JSON.parse(text)) as Account];
}

/** Every operation of the first service, through the gateway. */
async function useAccounts(gateway: string): Promise<void> {
  const ann = { email: "ann@example.com", name: "Ann" };
  const [opened, { id }] = await send(`${gateway}/accounts`, "POST", ann);
  assert.equal(opened, 201);
  assert.deepEqual(await send(`${gateway}/accounts/${id}`, "GET"), [200, { id, ...ann }]);
  assert.deepEqual(await send(`${gateway}/accounts/${id}`, "PUT", { ...ann, name: "Anna" }), [
    200,
    { id, ...ann, name: "Anna" },
  ]);
  assert.equal((await send(`${gateway}/accounts/${id}`, "DELETE"))[0], 204);
  assert.equal((await send(`${gateway}/accounts/${id}`, "GET"))[0], 404);
  assert.equal((await send(`${gateway}/accounts`, "POST", { email: "ann" }))[0], 422);
}

test("what is installed is JavaScript with declarations, and everything it needs is declared", {
  timeout,
}, async () => {
  const modules = join(user, "node_modules");
  const ours = ["cantle", "@cantle"].flatMap((name) => {
    const files = readdirSync(join(modules, name), { recursive: true, encoding: "utf8" });
    return files.map((file) => join(name, file));
  });
  assert.ok(ours.some((file) => file.endsWith("dist/main.js")));
  assert.deepEqual(
    ours.filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts")),
    [],
  );
  assert.deepEqual(
    ours.filter((file) => /\.(test|e2e|sim)\.|fixture/.test(file)),
    [],
  );
  // Fails for what is missing, or another version than somebody asks for.
  await npm(user, "ls", "--all");
});

test("the first service type-checks strictly, declarations of all packages included, and a mistake is named", () => {
  assert.deepEqual(readdirSync(readme).toSorted(), ["contract.ts", "service.ts", "system.ts"]);
  assert.equal(typeCheck(), "");
  const service = join(readme, "service.ts");
  const right = readFileSync(service, "utf8");
  writeFileSync(service, right.replace('fail("NoSuchAccount")', 'fail("NoSuchAcount")'));
  assert.match(typeCheck(), /^readme\/service\.ts\(\d+,\d+\): error .*NoSuchAcount/);
  writeFileSync(service, right);
});

test("dev runs it, restarts only what is edited, and leaves nothing behind", { timeout }, async () => {
  await using dev = launch(["dev", "--port", "0"], where);
  const [, gateway = ""] = await dev.until(/^first is ready at (http:\S+) /m);
  await useAccounts(gateway);
  await dev.until(/^try curl /m);
  await dev.until(/watching for edits/);
  const pids = await pidsOf();
  assert.deepEqual(Object.keys(pids), ["control", "broker", "accounts", "gateway"]);

  const service = join(user, "service.ts");
  const right = readFileSync(service, "utf8");
  writeFileSync(service, right.replace("...input }", "...input, name: input.name.toUpperCase() }"));
  await dev.until(/^restarted accounts in .*\(service\.ts\)$/m);
  const [, { name }] = await send(`${gateway}/accounts`, "POST", { email: "bo@example.com", name: "Bo" });
  assert.equal(name, "BO");
  const { accounts, ...others } = await pidsOf();
  assert.notEqual(accounts, pids["accounts"]);
  assert.deepEqual({ ...others, accounts: pids["accounts"] }, pids);
  writeFileSync(service, right);
  await until(() => dev.stderr().match(/^restarted accounts/gm)?.length === 2);

  const last = Object.values(await pidsOf());
  dev.child.kill("SIGINT");
  assert.equal(await dev.ended, 0);
  assert.doesNotMatch(dev.stderr(), /error/);
  assert.deepEqual(last.filter(isAlive), []);
  await until(() => processesOf(user).length === 0);
});

/** Unit → its process. */
async function pidsOf(): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await runToEnd(["ps", "--json"], where);
  const { units } = JSON.parse(stdout) as { units: { unit: string; instances: { pid: number }[] }[] };
  return Object.fromEntries(units.map(({ unit, instances }) => [unit, instances[0]?.pid ?? 0]));
}

for (const units of ["one", "threads"]) {
  test(`start --units ${units} runs it as well`, { timeout }, async () => {
    await using started = launch(["start", "--units", units, "--port", "0"], where);
    const [, gateway = ""] = await started.until(/^first is ready at (http:\S+) /m);
    await useAccounts(gateway);
    started.child.kill("SIGTERM");
    assert.equal(await started.ended, 0);
    await until(() => processesOf(user).length === 0);
  });
}

test("the first service of the README runs in the background, too", { timeout }, async () => {
  const here = { ...where, cwd: readme };
  assert.deepEqual(await runToEnd(["check"], here), { exit: 0, stdout: "no mistakes found\n", stderr: "" });
  const { exit, stdout } = await runToEnd(["start", "--background", "--port", "0", "--json"], here);
  try {
    assert.equal(exit, 0);
    const { gateway } = JSON.parse(stdout) as { gateway: string };
    const [status, account] = await send(`${gateway}/accounts`, "POST", { email: "ann@example.com", name: "Ann" });
    assert.equal(status, 201);
    assert.deepEqual(await send(`${gateway}/accounts/${account.id}`, "GET"), [200, account]);
  } finally {
    assert.equal((await runToEnd(["stop"], here)).exit, 0);
  }
  await until(() => processesOf(user).length === 0);
});
