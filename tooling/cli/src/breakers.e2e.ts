/** `cantle breakers`, on systems that run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { greeter, launch, runToEnd, systemOf, testFolder } from "./fixture.ts";

const timeout = 60_000;
const sound = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };

for (const units of ["each", "http", "threads"])
  test(`with --units ${units}, breakers of the gateway are shown, opened, closed and let go`, { timeout }, async () => {
    await using folder = await testFolder(sound);
    const cwd = folder.path;
    await using started = launch(["start", "--units", units, "--port", "0", "--ready-file", "ready.json"], { cwd });
    await started.until(/is ready at/);
    const { gateway } = JSON.parse(readFileSync(join(cwd, "ready.json"), "utf8"));
    const greet = async () => (await fetch(`${gateway}/greetings/ann`)).status;
    const breakers = async (...words: string[]) => {
      const { exit, stdout, stderr } = await runToEnd(["breakers", ...words, "--json"], { cwd });
      assert.equal(exit, 0, stderr);
      const rows = JSON.parse(stdout).breakers as Record<string, unknown>[];
      return rows.map(({ instance, operation, state, calls }) => [instance, operation, state, calls]);
    };
    for (let at = 0; at < 3; at++) assert.equal(await greet(), 200);
    assert.deepEqual(await breakers(), [["gateway-1", "greetings.greet", "closed", 3]]);
    assert.deepEqual(await breakers("open", "greetings.greet"), [["gateway-1", "greetings.greet", "forced-open", 3]]);
    assert.equal(await greet(), 503);
    assert.deepEqual(await breakers("close", "greetings.greet"), [["gateway-1", "greetings.greet", "disabled", 3]]);
    assert.equal(await greet(), 200);
    assert.deepEqual(await breakers("auto", "greetings.greet"), [["gateway-1", "greetings.greet", "closed", 0]]);
    assert.equal(await greet(), 200);
    const all = await breakers("--all");
    assert.ok(all.some(([instance, operation]) => instance === "greetings-1" && operation === "registry.heartbeat"));
    const { stdout } = await runToEnd(["breakers"], { cwd });
    assert.match(stdout, /^INSTANCE .*\ngateway-1 +greetings\.greet +closed +0% +0% +1 call +released\n$/);
  });

test("what cannot be steered is said, and changes nothing", { timeout }, async () => {
  await using folder = await testFolder(sound);
  const cwd = folder.path;
  await using started = launch(["start", "--units", "one", "--port", "0"], { cwd });
  await started.until(/is ready at/);
  for (const [words, exit, text] of [
    [["open", "greetings.gret"], 4, /error\[OPERATION_UNKNOWN\].*\n.*did you mean 'greetings\.greet'/],
    [["opne", "greetings.greet"], 2, /did you mean 'open'/],
    [["open"], 2, /open SERVICE\.OPERATION/],
  ] as const) {
    const done = await runToEnd(["breakers", ...words], { cwd });
    assert.deepEqual([done.exit, done.stdout], [exit, ""], done.stderr);
    assert.match(done.stderr, text);
  }
  assert.equal((await runToEnd(["breakers"], { cwd })).exit, 0);
  await using elsewhere = await testFolder(sound);
  assert.equal((await runToEnd(["breakers"], { cwd: elsewhere.path })).exit, 4, "nothing runs there");
});
