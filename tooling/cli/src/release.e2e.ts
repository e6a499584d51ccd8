/** `scale` and `rollout` on a system in the background: real processes, real calls, and code that is edited on the disk. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { greeter, runToEnd, systemOf, type TestFolder, testFolder } from "./fixture.ts";

const timeout = 90_000;
const sound = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };
/** The same service; every twentieth call of it fails, which is 5 %. */
const faulty = greeter("hey").replace(
  /greet: async \(\{ name \}, \{ config \}\) => \((.*)\),/,
  `greet: async ({ name }, { config }) => { if (++calls % 20 === 0) throw new TypeError("a bug"); return $1; },`,
);

interface Release {
  readonly calls: number;
  readonly failed: number;
  readonly instances: readonly { readonly instance: string }[];
}

interface Rollout {
  readonly outcome: string | null;
  readonly reason: string;
  readonly old: Release;
  readonly new: Release;
}

/** A system in the background that is called all the time. */
async function running({ path }: TestFolder) {
  const cantle = (...words: string[]) => runToEnd(words, { cwd: path });
  const started = await cantle("start", "--background", "--port", "0", "--json");
  assert.equal(started.exit, 0, started.stderr);
  const { gateway } = JSON.parse(started.stdout) as { gateway: string };
  const statuses = new Map<number | string, number>();
  let isOn = true;
  const call = async () => {
    while (isOn) {
      const status = await fetch(`${gateway}/greetings/ann`).then(
        (response) => response.text().then(() => response.status),
        (error) => String(error),
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const calling = Promise.all([call(), call(), call(), call()]);
  return {
    cantle,
    statuses,
    greeting: async () => ((await (await fetch(`${gateway}/greetings/ann`)).json()) as { text: string }).text,
    async rollout(...words: string[]): Promise<{ readonly exit: unknown; readonly row: Rollout }> {
      const { exit, stdout, stderr } = await cantle("rollout", ...words, "--json");
      assert.ok(stdout !== "", stderr);
      return { exit, row: (JSON.parse(stdout) as { rollouts: Rollout[] }).rollouts[0]! };
    },
    async [Symbol.asyncDispose]() {
      isOn = false;
      await calling;
      await cantle("stop");
    },
  };
}

const canary = ["--strategy", "canary", "--steps", "20", "--calls-min", "150", "--warm-up-ms", "0", "--watch"];

test("a canary that fails 5 % of its calls is rolled back by itself, and a healthy one takes over", {
  timeout,
}, async () => {
  await using folder = await testFolder(sound);
  await using system = await running(folder);
  await folder.write("greetings.ts", `let calls = 0;\n${faulty}`);
  const bad = await system.rollout("start", "greetings", ...canary);
  assert.equal(bad.exit, 1);
  assert.equal(bad.row.outcome, "rolled-back");
  assert.match(bad.row.reason, /new failed \d+ of \d+ calls/);
  assert.equal(await system.greeting(), "hello ann!");
  // Only what the canary itself failed was seen by anybody.
  const seen = [...system.statuses].filter(([status]) => status !== 200);
  assert.deepEqual(
    seen.map(([status]) => status),
    [500],
  );

  await folder.write("greetings.ts", greeter("good morning"));
  const good = await system.rollout("start", "greetings", ...canary);
  assert.deepEqual([good.exit, good.row.outcome], [0, "released"]);
  assert.ok(good.row.new.calls >= 150, `${good.row.new.calls}`);
  assert.equal(await system.greeting(), "good morning ann!");
  const failures = system.statuses.get(500);
  await system.rollout("start", "greetings", "--watch");
  assert.equal(system.statuses.get(500), failures);
  assert.deepEqual([...system.statuses.keys()].sort(), [200, 500]);
});

test("a switch to a release that fails 5 % of its calls is switched back by itself, and to a healthy one it stands", {
  timeout,
}, async () => {
  await using folder = await testFolder(sound);
  await using system = await running(folder);
  await folder.write("greetings.ts", `let calls = 0;\n${faulty}`);
  const bad = await system.rollout("start", "greetings", "--strategy", "blue-green", "--keep-ms", "60000", "--watch");
  assert.deepEqual([bad.exit, bad.row.outcome], [1, "rolled-back"]);
  assert.match(bad.row.reason, /new failed \d+ of \d+ calls .*, before the switch and after it/);
  assert.equal(await system.greeting(), "hello ann!");

  await folder.write("greetings.ts", greeter("good morning"));
  const good = await system.rollout("start", "greetings", "--strategy", "blue-green", "--keep-ms", "2000", "--watch");
  assert.deepEqual([good.exit, good.row.outcome], [0, "released"]);
  assert.equal(await system.greeting(), "good morning ann!");
});

test("a unit is scaled by hand while it is called, and no call is lost", { timeout }, async () => {
  await using folder = await testFolder(sound);
  await using system = await running(folder);
  for (const count of ["3", "1"]) {
    const { exit, stdout } = await system.cantle("scale", "greetings", count);
    assert.equal(exit, 0);
    assert.match(stdout, new RegExp(`^greetings +\\d +${count} +- +- +- +an operator`, "m"));
  }
  const wanted = JSON.parse((await system.cantle("scale", "--json")).stdout) as { units: { wantedCount: number }[] };
  assert.deepEqual(
    wanted.units.map(({ wantedCount }) => wantedCount),
    [1],
  );
  const counted = system.statuses.get(200) ?? 0;
  while ((system.statuses.get(200) ?? 0) < counted + 50) await system.greeting();
  assert.deepEqual([...system.statuses.keys()], [200]);
});

test("what cannot be is said in a line with its exit code", { timeout }, async () => {
  await using folder = await testFolder(sound);
  await using system = await running(folder);
  const wrong: [words: string[], exit: number, told: RegExp][] = [
    [["scale", "greeting", "2"], 4, /error\[NOT_RUNNING\][\s\S]*greetings/],
    [["scale", "greetings", "two"], 2, /error\[USAGE\][\s\S]*auto/],
    [["scale", "greetings", "auto"], 2, /error\[USAGE\][\s\S]*scaling: \{ greetings/],
    [["scale", "gateway", "2"], 3, /error\[PLACEMENT_IMPOSSIBLE\]/],
    [["rollout", "strat", "greetings"], 2, /error\[USAGE\][\s\S]*start/],
    [["rollout", "start"], 2, /error\[USAGE\][\s\S]*rollout start UNIT/],
    [["rollout", "start", "gateway"], 3, /error\[PLACEMENT_IMPOSSIBLE\][\s\S]*cantle restart gateway/],
    [["rollout", "abort", "greetings"], 4, /error\[NOT_RUNNING\]/],
    [["rollout", "start", "greetings", "--steps", "50,5"], 2, /error\[USAGE\][\s\S]*growing/],
    [["rollout", "start", "greetings", "--keep-ms", "1"], 2, /error\[USAGE\][\s\S]*keepMs/],
  ];
  for (const [words, exit, told] of wrong) {
    const answered = await system.cantle(...words);
    assert.deepEqual([words, answered.exit], [words, exit]);
    assert.match(answered.stderr, told);
  }
});
