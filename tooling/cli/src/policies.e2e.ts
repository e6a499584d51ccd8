/** Policies that are changed while a system runs in the background. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { greeter, runToEnd, systemOf, testFolder } from "./fixture.ts";

const timeout = 60_000;
const sound = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };

/** Asks until the answer has this status. The test's own time limit is what ends the waiting otherwise. */
async function untilStatus(url: string, status: number): Promise<void> {
  for (;;) {
    const response = await fetch(url);
    await response.text();
    if (response.status === status) return;
  }
}

test("an edit of config.yaml changes policies of running instances, and a wrong edit changes nothing", {
  timeout,
}, async () => {
  await using folder = await testFolder({ ...sound, "config.yaml": "greetings: { mark: '?' }\n" });
  const cwd = folder.path;
  const run = (...words: string[]) => runToEnd(words, { cwd });
  const pids = async () =>
    JSON.parse((await run("ps", "--json")).stdout).units.map((unit: any) => unit.instances[0].pid);
  const started = await run("start", "--background", "--units", "each", "--port", "0", "--ready-file", "ready.json");
  try {
    assert.equal(started.exit, 0, started.stderr);
    const { gateway } = JSON.parse(readFileSync(join(cwd, "ready.json"), "utf8"));
    const url = `${gateway}/greetings/ann`;
    await untilStatus(url, 200);
    const before = await pids();
    await folder.write("config.yaml", "policies: { greetings.greet: { faults: [{ ratio: 1, abort: OVERLOADED }] } }");
    await untilStatus(url, 503);
    await folder.write("config.yaml", "policies: { greetings.greet: { faults: [{ ratio: 2 }] } }");
    while (!/the policies in configuration are wrong/.test((await run("logs", "gateway")).stdout));
    assert.equal((await fetch(url)).status, 503);
    await folder.write("config.yaml", "policies: {}");
    await untilStatus(url, 200);
    assert.deepEqual(await pids(), before, "nothing was restarted");
    // Policies are read anew while it runs, a service's own configuration at its start.
    assert.deepEqual(await (await fetch(url)).json(), { text: "hello ann?" });
  } finally {
    await run("stop");
  }
});

test("policies of configuration are shown with their source, and wrong ones are found before anything runs", {
  timeout,
}, async () => {
  await using folder = await testFolder({ ...sound, "config.yaml": "policies: { greetings: { timeoutMs: 300 } }" });
  const cwd = folder.path;
  const shown = await runToEnd(["config", "--json", "--set", "policies.greetings.retriesMax=1"], { cwd });
  const rows = JSON.parse(shown.stdout).config.filter(({ path }: { path: string }) => path.startsWith("policies."));
  assert.deepEqual(rows, [
    { path: "policies.greetings.timeoutMs", value: "300", source: "file", from: "config.yaml" },
    { path: "policies.greetings.retriesMax", value: "1", source: "--set", from: "--set" },
  ]);
  const set = ["--set", "policies.greetings.timeoutMs=soon"];
  for (const words of [
    ["check", ...set],
    ["start", "--port", "0", ...set],
  ]) {
    const { exit, stderr } = await runToEnd(words, { cwd });
    assert.equal(exit, 3, stderr);
    assert.match(stderr, /error\[CONFIG_INVALID\].*\n.*policies\.greetings\.timeoutMs\n.*\(from --set\)/);
  }
});
