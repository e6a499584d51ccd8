/** `limits` of a system, as its processes get them and `ps` shows them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { greeter, launch, runToEnd, systemOf, testFolder } from "./fixture.ts";

const limits = 'limits: { greetings: { memory: "256MiB", cpu: 0.5 } }';

test("limits reach the processes of their unit, and ps says how far they hold", { timeout: 60_000 }, async () => {
  await using folder = await testFolder({
    "system.ts": systemOf("s", ["greetings"]).replace("services:", `${limits}, services:`),
    "greetings.ts": greeter(),
  });
  const cwd = folder.path;
  await using started = launch(["start", "--port", "0"], { cwd });
  await started.until(/^s is ready/m);
  const { units } = JSON.parse((await runToEnd(["ps", "--json"], { cwd })).stdout) as {
    units: { unit: string; instances: { pid: number; limits: Record<string, string> | null }[] }[];
  };
  const instanceOf = (name: string) => units.find(({ unit }) => unit === name)!.instances[0]!;
  const { memory, cpu } = instanceOf("greetings").limits!;
  assert.ok(memory === "enforced" || memory === "heap only", memory);
  assert.ok(cpu === "enforced" || cpu === "not enforced", cpu);
  // What is not enforced has been said, and nothing else.
  assert.equal(/limits of memory hold for the heap only here: /.test(started.stderr()), memory !== "enforced");
  assert.equal(/limits of cpu do not hold here: /.test(started.stderr()), cpu !== "enforced");
  assert.equal(instanceOf("gateway").limits, null);
  const commandLine = ({ pid }: { pid: number }) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  assert.ok(commandLine(instanceOf("greetings")).includes("--max-old-space-size=192"));
  assert.ok(!commandLine(instanceOf("gateway")).some((word) => word.includes("old-space")));
  assert.deepEqual(await (await fetch(`${/at (\S+)/.exec(started.stdout())![1]}/greetings/ann`)).json(), {
    text: "hello ann!",
  });
});
