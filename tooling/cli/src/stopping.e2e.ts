/** The ends of a system that are not the usual one: while it starts, in a hurry, by force. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { listLeftovers } from "@cantle/supervisor";
import { greeter, launch, runToEnd, systemOf, testFolder, until } from "./fixture.ts";

const timeout = 60_000;
/** Signals closer together than 150 ms are one press of Ctrl-C that arrived twice. */
const pressMs = 250;
/** A service whose operation never answers. */
const endless = greeter().replace(
  "greet: async ({ name }, { config }) =>",
  "greet: async ({ name }, { config, log }) => (log.info('called'), await new Promise(() => {})) ??",
);

for (const units of ["one", "threads", "each"]) {
  test(`with --units ${units} the first Ctrl-C waits for calls in flight, the second does not`, {
    timeout,
  }, async () => {
    await using folder = await testFolder({ "system.ts": systemOf("s", ["greetings"]), "greetings.ts": endless });
    await using started = launch(["start", "--units", units, "--port", "0"], { cwd: folder.path });
    const [, gateway] = await started.until(/ready at (\S+)/);
    const call = fetch(`${gateway}/greetings/ann`).catch(() => "broken off");
    await started.until(/│ .*called/);
    started.child.kill("SIGINT");
    await started.until(/^stopping: calls in flight are finished/m);
    await delay(pressMs);
    assert.equal(started.child.exitCode, null);
    started.child.kill("SIGINT");
    assert.equal(await started.ended, 130);
    await call;
    await until(() => listLeftovers(folder.path).length === 0);
  });
}

/** A module that is never done with loading. */
const stuck = `console.log("loading");\nawait new Promise((resolve) => setTimeout(resolve, 1e9));\n${greeter()}`;

for (const units of ["one", "threads", "each"]) {
  test(`with --units ${units} a signal breaks off a start that would never be done`, { timeout }, async () => {
    await using folder = await testFolder({ "system.ts": systemOf("s", ["greetings"]), "greetings.ts": stuck });
    const words = ["start", "--units", units, "--port", "0", "--ready-file", "ready.json"];
    await using started = launch(words, { cwd: folder.path });
    await started.until(/loading$/m);
    started.child.kill("SIGTERM");
    assert.equal(await started.ended, 0);
    assert.equal(started.stdout().replace("loading\n", ""), "");
    assert.match(started.stderr(), /^stopping: the start is broken off/m);
    assert.doesNotMatch(started.stderr(), /error|was killed/);
    assert.deepEqual(listLeftovers(folder.path), []);
    // The folder is free again.
    assert.equal((await runToEnd(["ps"], { cwd: folder.path })).exit, 4);
  });
}

test("what a killed background system left behind is named by ps and ended by stop", { timeout }, async () => {
  await using folder = await testFolder({ "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() });
  const cwd = folder.path;
  const all = ["broker-1", "control-1", "gateway-1", "greetings-1"];
  const started = await runToEnd(["start", "--background", "--port", "0", "--json"], { cwd });
  process.kill(JSON.parse(started.stdout).pid, "SIGKILL");
  try {
    const left = listLeftovers(cwd).map(({ instance }) => instance);
    assert.deepEqual(left.toSorted(), all);
    const { exit, stderr } = await runToEnd(["ps"], { cwd });
    assert.equal(exit, 4);
    assert.match(
      stderr,
      /was killed[\s\S]*`cantle start --background` takes them over, `cantle stop` ends them: .*greetings-1 \(pid \d+\)/,
    );
  } finally {
    const stopped = await runToEnd(["stop", "--json"], { cwd });
    assert.deepEqual(JSON.parse(stopped.stdout).stopped.toSorted(), all);
    assert.deepEqual(listLeftovers(cwd), []);
  }
});

test("a start that is stopped from another terminal says so, and not that units failed", { timeout }, async () => {
  await using folder = await testFolder({ "system.ts": systemOf("s", ["greetings"]), "greetings.ts": stuck });
  const cwd = folder.path;
  await using started = launch(["start", "--units", "each", "--port", "0"], { cwd });
  await started.until(/loading$/m);
  assert.equal((await runToEnd(["stop"], { cwd })).exit, 0);
  assert.equal(await started.ended, 1);
  assert.match(started.stderr(), /^'s' was stopped while it started$/m);
  assert.doesNotMatch(started.stderr(), /failed/);
});

test("Ctrl-C breaks off a start in the background from its first moment on", { timeout }, async () => {
  await using folder = await testFolder({ "system.ts": systemOf("s", ["greetings"]), "greetings.ts": stuck });
  await using started = launch(["start", "--background", "--port", "0"], { cwd: folder.path });
  // From here on there is a program that was told to start, and it may be too young to hear of signals.
  await until(() => existsSync(join(folder.path, ".cantle/logs/system.log")));
  started.child.kill("SIGINT");
  assert.equal(await started.ended, 0);
  assert.doesNotMatch(started.stderr(), /error/);
  assert.deepEqual(listLeftovers(folder.path), []);
});
