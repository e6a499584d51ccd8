/** An instance's program that nobody supervises: in a container, or started by hand. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { specOf, stageFolder, until } from "../fixtures/stage.ts";

function byHand(behaviour: string, file = "") {
  const { command, args, cwd } = specOf(behaviour, { file });
  return spawn(command, [...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
}

test("an error goes to stderr, and the exit code is the error's", async () => {
  const child = byHand("misconfigured");
  const [said, [exit]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.equal(said, "error[CONFIG_INVALID]: 'articles.max' is missing\n");
  assert.equal(exit, 3);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} drains, once, and the exit code is 0`, async () => {
    await using folder = await stageFolder();
    const child = byHand("diary", folder.file("unit"));
    await until(() => readFile(folder.file("diary"), "utf8").catch(() => ""), "the start");
    child.kill(signal);
    const [exit] = await once(child, "exit");
    assert.equal(exit, 0);
    assert.equal(await readFile(folder.file("diary"), "utf8"), "unit runs\nunit drains\nunit drained\n");
  });
}

test("an instance whose output nobody can take goes on", { skip: !existsSync("/dev/full") }, async () => {
  await using folder = await stageFolder();
  const { command, args, cwd } = specOf("speak-and-note", { file: folder.file("note") });
  await using full = await open("/dev/full", "w");
  const child = spawn(command, [...args], { cwd, stdio: ["ignore", full.fd, full.fd] });
  const note = () => readFile(folder.file("note"), "utf8").catch(() => "");
  await until(async () => child.exitCode !== null || (await note()), "the note");
  child.kill("SIGKILL");
  assert.equal(await note(), "it goes on");
});
