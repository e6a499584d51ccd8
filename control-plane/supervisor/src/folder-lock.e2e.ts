import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "@cantle/core";
import { stageFolder } from "../fixtures/stage.ts";
import { lockFolder } from "./folder-lock.ts";
import { identify } from "./process-identity.ts";

const contendProgram = fileURLToPath(new URL("../fixtures/contend.ts", import.meta.url));
const time = { clock: systemClock, random: systemRandom() };

test("of many that claim a folder at once exactly one gets it, and a dead holder is in nobody's way", async () => {
  await using folder = await stageFolder();
  for (let round = 0; round < 3; round++) {
    const contenders = await Promise.all(Array.from({ length: 5 }, () => contend(folder.path)));
    for (const contender of contenders) contender.go();
    const results = await Promise.all(contenders.map((contender) => contender.result()));
    assert.deepEqual(results.sort(), [...Array(4).fill("ALREADY_RUNNING"), "held"]);
    await Promise.all(contenders.map((contender) => contender.kill()));
  }
  const lock = await lockFolder(folder.path, time);
  assert.equal((await readdir(folder.path)).length, 1);
  lock.release();
  assert.deepEqual(await readdir(folder.path), []);
});

test("a claim by an earlier process of this number counts for nothing", async () => {
  await using folder = await stageFolder();
  const parent = identify(process.ppid)!;
  await writeFile(folder.file(`${parent.pid}+${Number(parent.start) + 1}+${parent.boot}.lock`), "");
  (await lockFolder(folder.path, time)).release();
  await writeFile(folder.file(`${parent.pid}+${parent.start}+${parent.boot}.lock`), "");
  await assert.rejects(lockFolder(folder.path, time), { code: "ALREADY_RUNNING" });
});

test("one process cannot hold a folder twice", async () => {
  await using folder = await stageFolder();
  const lock = await lockFolder(folder.path, time);
  await assert.rejects(lockFolder(folder.path, time), { code: "ALREADY_RUNNING" });
  lock.release();
});

async function contend(folder: string) {
  const child = spawn(process.execPath, [contendProgram, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    go: () => child.stdin.write("go\n"),
    result: async () => (await lines.next()).value as string,
    async kill() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
