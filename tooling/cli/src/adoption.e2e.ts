/** A background system whose supervisor is killed: it goes on, and the next start takes it over. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { listLeftovers } from "@cantle/supervisor";
import { greeter, isAlive, runToEnd, systemOf, testFolder, until } from "./fixture.ts";

const timeout = 90_000;
const sound = {
  "system.ts": systemOf("s", ["greetings", "mail"]),
  "greetings.ts": greeter(),
  "mail.ts": greeter("mail for").replaceAll("greetings", "mail"),
};

interface Facts {
  readonly gateway: string;
  readonly pid: number;
}

/** The command line in a folder. */
function cantle(cwd: string) {
  const run = async (...words: string[]) => {
    const { exit, stdout, stderr } = await runToEnd([...words, "--json"], { cwd });
    assert.equal(exit, 0, stderr);
    return { ...(JSON.parse(stdout) as Facts), stderr };
  };
  return {
    start: () => run("start", "--background", "--port", "0"),
    stop: () => runToEnd(["stop"], { cwd }),
    restart: (unit: string) => runToEnd(["restart", unit], { cwd }),
    /** Unit → pid of its only instance. */
    async pids(): Promise<Record<string, number>> {
      const { stdout } = await runToEnd(["ps", "--json"], { cwd });
      const { units } = JSON.parse(stdout) as { units: { unit: string; instances: { pid: number }[] }[] };
      return Object.fromEntries(units.map(({ unit, instances }) => [unit, instances[0]!.pid]));
    },
  };
}

/** Kills a supervisor as nothing can be prepared for. */
async function killed({ pid }: Facts): Promise<void> {
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid));
}

/** Calls again and again until it is told to end; answers with how many calls there were, and what was wrong with any. */
function caller({ gateway }: Facts) {
  const ending = new AbortController();
  const failures: unknown[] = [];
  let calls = 0;
  const run = async () => {
    while (!ending.signal.aborted) {
      for (const service of ["greetings", "mail"]) {
        calls++;
        const answer = await fetch(`${gateway}/${service}/ann`).then(
          (response) => response.status,
          (error) => error,
        );
        if (answer !== 200) failures.push(answer);
      }
    }
  };
  const running = run();
  return {
    count: () => calls,
    async end() {
      ending.abort();
      await running;
      return { calls, failures };
    },
  };
}

test("kill -9 of the supervisor fails no call, the next start takes everything over, and stop leaves nothing", {
  timeout,
}, async () => {
  await using folder = await testFolder(sound);
  const system = cantle(folder.path);
  const first = await system.start();
  try {
    const before = await system.pids();
    const calling = caller(first);
    await until(() => calling.count() > 50);
    await killed(first);
    const countAtDeath = calling.count();
    await until(() => calling.count() > countAtDeath + 50);
    const second = await system.start();
    assert.match(second.stderr, /gateway-1 \(pid \d+\) was running already, and is taken over/);
    assert.equal(second.gateway, first.gateway);
    assert.deepEqual(await system.pids(), before);
    // Its workers are replaced by the process that was taken over.
    assert.equal((await system.restart("gateway")).exit, 0);
    assert.deepEqual(await system.pids(), before);
    const { calls, failures } = await calling.end();
    assert.deepEqual(failures, [], `of ${calls} calls`);

    process.kill(before["mail"]!, "SIGKILL");
    let after = before;
    await until(() => !isAlive(before["mail"]!));
    while (after["mail"] === before["mail"] || after["mail"] === null) after = await system.pids();
    assert.equal((await fetch(`${first.gateway}/mail/ann`)).status, 200);

    const { exit } = await system.stop();
    assert.equal(exit, 0);
    await until(() => [...Object.values(before), ...Object.values(after), second.pid].every((pid) => !isAlive(pid)));
    assert.deepEqual(listLeftovers(folder.path), []);
  } finally {
    await system.stop();
  }
});

test("a gateway that is taken over between two workers is where it was", { timeout }, async () => {
  await using folder = await testFolder(sound);
  const system = cantle(folder.path);
  const first = await system.start();
  try {
    const { gateway } = await system.pids();
    await killed(first);
    let isOver = false;
    const killing = until(() => {
      endChildrenOf(gateway!);
      return isOver;
    });
    const second = await system.start();
    isOver = true;
    await killing;
    assert.match(second.stderr, /gateway-1 \(pid \d+\) was running already, and is taken over/);
    assert.equal(second.gateway, first.gateway);
  } finally {
    await system.stop();
  }
});

/** Kills what a process has for children just now. */
function endChildrenOf(pid: number): void {
  const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  for (const child of stdout.split("\n").filter(Boolean).map(Number))
    if (isAlive(child)) process.kill(child, "SIGKILL");
}

test("what was edited while nobody watched is replaced at the next start, without a failed call", {
  timeout,
}, async () => {
  await using folder = await testFolder(sound);
  const system = cantle(folder.path);
  const first = await system.start();
  try {
    const before = await system.pids();
    await killed(first);
    await folder.write("greetings.ts", greeter("good morning"));
    const calling = caller(first);
    await until(() => calling.count() > 20);
    await system.start();
    const after = await system.pids();
    const { calls, failures } = await calling.end();
    assert.deepEqual(failures, [], `of ${calls} calls`);
    assert.notEqual(after["greetings"], before["greetings"]);
    assert.deepEqual({ ...after, greetings: 0 }, { ...before, greetings: 0 });
    assert.deepEqual(await (await fetch(`${first.gateway}/greetings/ann`)).json(), { text: "good morning ann!" });
  } finally {
    await system.stop();
    assert.deepEqual(listLeftovers(folder.path), []);
  }
});
