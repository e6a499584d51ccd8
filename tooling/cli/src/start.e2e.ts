/** `start`, in the foreground and in the background, with the commands that look into what runs. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { listLeftovers } from "@cantle/supervisor";
import { greeter, isAlive, launch, runToEnd, systemOf, testFolder, until } from "./fixture.ts";

const timeout = 60_000;
const sound = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };
const half = {
  "system.ts": systemOf("s", ["greetings", "mail"]),
  "greetings.ts": greeter(),
  "mail.ts": "throw new Error('no mail')",
};

interface Ready {
  readonly gateway: string;
  readonly pid: number;
  readonly services: readonly string[];
  readonly missing: readonly string[];
}

function readyIn(folder: string): Ready {
  return JSON.parse(readFileSync(join(folder, "ready.json"), "utf8"));
}

async function greet({ gateway }: Ready): Promise<unknown> {
  return (await fetch(`${gateway}/greetings/ann`)).json();
}

for (const units of ["one", "threads", "each"]) {
  test(`start --units ${units} says where it is, serves, and leaves nothing behind`, { timeout }, async () => {
    await using folder = await testFolder(sound);
    const cwd = folder.path;
    await using started = launch(["start", "--units", units, "--port", "0", "--ready-file", "ready.json"], { cwd });
    await started.until(/^s is ready at http:\/\/127\.0\.0\.1:\d+ /m);
    const ready = readyIn(cwd);
    assert.match(started.stdout(), new RegExp(`^s is ready at ${ready.gateway} .*\n$`));
    assert.deepEqual([ready.pid, ready.services, ready.missing], [started.child.pid, ["greetings"], []]);
    assert.deepEqual(await greet(ready), { text: "hello ann!" });

    const called = await runToEnd(["call", "greetings.greet", "--json", "-d", '{"name":"bo"}'], { cwd });
    assert.deepEqual([called.exit, called.stdout], [0, '{"text":"hello bo!"}\n']);
    const listed = JSON.parse((await runToEnd(["ps", "--json"], { cwd })).stdout);
    const own = listed.units.find(({ services }: { services: string[] }) => services.includes("greetings"));
    assert.deepEqual([own.instances.length, own.instances[0].state], [1, "ready"]);
    const again = await runToEnd(["start", "--port", "0"], { cwd });
    assert.deepEqual([again.exit, again.stdout], [7, ""]);

    const pids: number[] = listed.units.flatMap(({ instances }: { instances: { pid: number }[] }) =>
      instances.map(({ pid }) => pid),
    );
    started.child.kill("SIGTERM");
    assert.equal(await started.ended, 0);
    assert.equal(existsSync(join(cwd, "ready.json")), false);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(listLeftovers(cwd), []);
  });
}

test("a unit that fails is one clear error, the others go on, and the ready line says what is missing", {
  timeout,
}, async () => {
  await using folder = await testFolder(half);
  const cwd = folder.path;
  await using started = launch(["start", "--port", "0", "--json", "--ready-file", "ready.json"], { cwd });
  await started.until(/"missing"/);
  const ready = JSON.parse(started.stdout()) as Ready;
  assert.deepEqual([ready.services, ready.missing], [["greetings"], ["mail"]]);
  assert.deepEqual(readyIn(cwd), ready);
  assert.deepEqual(await greet(ready), { text: "hello ann!" });
  assert.equal(started.stderr().match(/error\[SERVICE_BROKEN\]/g)?.length, 1);
  assert.match(started.stderr(), /mail\.ts.*\n {2}cause: no mail/);
});

test("when nothing can start, the exit code is that of the error, and there is no ready file", {
  timeout,
}, async () => {
  await using folder = await testFolder({
    "system.ts": systemOf("s", ["mail"]),
    "mail.ts": "throw new Error('no mail')",
  });
  const cwd = folder.path;
  for (const words of [["--units", "one"], ["--units", "each"], ["--background"]]) {
    const { exit, stdout, stderr } = await runToEnd(["start", "--port", "0", "--ready-file", "ready.json", ...words], {
      cwd,
    });
    assert.deepEqual([exit, stdout], [3, ""], stderr);
    assert.match(stderr, /cause: no mail/);
    assert.match(stderr, /^'s' was not started: no service of it runs\n$/m);
    assert.equal(stderr.match(/error\[/g)?.length, 1);
    assert.equal(existsSync(join(cwd, "ready.json")), false);
  }
  assert.equal((await runToEnd(["ps"], { cwd })).exit, 4);
});

test("a port that is taken is exit code 7, and says which", { timeout }, async () => {
  await using folder = await testFolder(sound);
  await using other = await testFolder(sound);
  await using started = launch(["start", "--units", "one", "--port", "0"], { cwd: folder.path });
  const [, port = ""] = await started.until(/127\.0\.0\.1:(\d+)/);
  for (const units of ["one", "each"]) {
    const { exit, stdout, stderr } = await runToEnd(["start", "--units", units, "--port", port], { cwd: other.path });
    assert.deepEqual([exit, stdout], [7, ""], stderr);
    assert.match(stderr, new RegExp(`error\\[PORT_BUSY\\].*:${port}`));
  }
  const { exit, stdout } = await runToEnd(["doctor", "--port", port], { cwd: other.path });
  assert.equal(exit, 5);
  assert.match(stdout, new RegExp(`^✗ port .*:${port}`, "m"));
});

test("in the background a system outlives its starter, and is looked into, restarted and stopped from elsewhere", {
  timeout,
}, async () => {
  await using folder = await testFolder(sound);
  const cwd = folder.path;
  const run = (...words: string[]) => runToEnd(words, { cwd });
  const started = await run("start", "--background", "--port", "0", "--ready-file", "ready.json");
  try {
    const ready = readyIn(cwd);
    assert.deepEqual([started.exit, started.stdout.startsWith(`s is ready at ${ready.gateway} `)], [0, true]);
    assert.deepEqual(await greet(ready), { text: "hello ann!" });
    assert.match((await run("ps")).stdout, /^greetings +greetings-1 +greetings +ready/m);

    const restarted = await run("restart", "--json");
    const [unit] = JSON.parse(restarted.stdout).units;
    assert.deepEqual([restarted.exit, unit.unit, unit.instances[0].restarts], [0, "greetings", 1]);
    assert.deepEqual(await greet(ready), { text: "hello ann!" });
    const unknown = await run("restart", "greting");
    assert.equal(unknown.exit, 4);
    assert.match(unknown.stderr, /did you mean 'greetings'\?/);
    assert.equal((await run("logs", "greetings")).exit, 0);
    assert.equal((await run("logs", "nobody")).exit, 4);

    const { exit, stdout } = await run("stop", "--json");
    assert.deepEqual(
      [exit, JSON.parse(stdout).stopped.toSorted()],
      [0, ["broker-1", "control-1", "gateway-1", "greetings-1"]],
    );
    await until(() => !isAlive(ready.pid));
    assert.equal(existsSync(join(cwd, "ready.json")), false);
    assert.deepEqual(listLeftovers(cwd), []);
  } finally {
    await run("stop");
  }
});

test("Ctrl-C while a system is starting in the background stops it", { timeout }, async () => {
  await using folder = await testFolder({ ...sound, "greetings.ts": `console.log("loading");\n${greeter()}` });
  const cwd = folder.path;
  await using started = launch(["start", "--background", "--port", "0"], { cwd });
  await until(() => listLeftovers(cwd).length > 0);
  started.child.kill("SIGINT");
  await started.ended;
  assert.equal((await runToEnd(["ps"], { cwd })).exit, 4);
  assert.deepEqual(listLeftovers(cwd), []);
});

test("a call that is refused is exit code 8, with what was wrong, or the declared failure under its name", {
  timeout,
}, async () => {
  await using folder = await testFolder();
  const env = { CANTLE_HOME: folder.path };
  const cwd = join(import.meta.dirname, "../../../examples/01-first-service");
  await using started = launch(["start", "--units", "one", "--port", "0"], { cwd, env });
  await started.until(/is ready/);
  const call = (...words: string[]) => runToEnd(["call", ...words], { cwd, env });
  const invalid = await call("accounts.open", "-d", '{"email":"no","name":"Ann"}');
  assert.deepEqual([invalid.exit, invalid.stdout], [8, ""]);
  assert.match(invalid.stderr, /error\[INPUT_INVALID\].*\n {2}email: /);
  const missing = await call("accounts.read", "-d", '{"id":"x"}');
  assert.deepEqual([missing.exit, missing.stderr], [8, "error[NoSuchAccount]: there is no such account (404)\n"]);
  const elsewhere = await call("accounts.read", "-d", '{"id":"x"}', "--gateway", "http://127.0.0.1:1");
  assert.equal(elsewhere.exit, 8);
  const unreadable = await call("accounts.open", "-d", "{");
  assert.deepEqual([unreadable.exit, unreadable.stdout], [2, ""]);
});
