import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { request } from "node:http";
import { test } from "node:test";
import { gone, runs, specOf, stage, stageApart, stageFolder, until } from "../fixtures/stage.ts";
import { connectSupervisor } from "./control-client.ts";
import type { LogLine } from "./spec.ts";

test("another program sees the state, restarts a unit and stops the system", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("serve")]);
  const client = await connectSupervisor(folder.path);
  const before = await client.state();
  assert.equal(before.pid, process.pid);
  assert.deepEqual(before.instances, staged.supervisor.list());
  const [restarted] = await client.restart("articles", { overlap: true });
  assert.notEqual(restarted?.pid, before.instances[0]?.pid);
  await client.stop();
  await staged.supervisor.stopped;
  assert.equal(await runs(restarted!.pid!), false);
  await assert.rejects(connectSupervisor(folder.path), { code: "NOT_RUNNING" });
});

test("where nothing ever ran the answer is NOT_RUNNING, and a refusal keeps its code", async () => {
  await using folder = await stageFolder();
  await assert.rejects(connectSupervisor(folder.path), { code: "NOT_RUNNING" });
  await using _ = await stage(folder.path);
  const client = await connectSupervisor(folder.path);
  await assert.rejects(client.restart("ghosts"), {
    code: "NOT_RUNNING",
    message: "no unit 'ghosts' runs here; there are none",
  });
});

test("logs are what was written, made harmless, and what is written from now on", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("speak"), specOf("speak", { unit: "other" })]);
  await until(() => staged.lines.length >= 4, "the lines");
  const client = await connectSupervisor(folder.path);
  const recent = await Array.fromAsync(client.logs({ unit: "articles" }));
  assert.deepEqual(sorted(recent), [
    "stderr to stderr",
    "stdout \u001b[32mgreen\u001b[39m and \\x1b]0;a forged title\\x07\u001b[0m",
  ]);
  const followed: LogLine[] = [];
  let restarting: Promise<unknown> | undefined;
  for await (const line of client.logs({ unit: "articles", follow: true })) {
    followed.push(line);
    if (followed.length === 2) restarting = client.restart("articles");
    if (followed.length === 4) break;
  }
  // A stop before it is over would refuse it.
  await restarting;
  assert.deepEqual(sorted(followed.slice(2)), sorted(recent));
});

test("a follower ends with the supervisor", async () => {
  await using folder = await stageFolder();
  await using staged = await stage(folder.path);
  await staged.supervisor.start([specOf("speak")]);
  await until(() => staged.lines.length >= 2, "the lines");
  const client = await connectSupervisor(folder.path);
  const followed: LogLine[] = [];
  for await (const line of client.logs({ follow: true })) {
    followed.push(line);
    if (followed.length === 2) void staged.supervisor.stop();
  }
  assert.equal(followed.length, 2);
});

test("a follower ends too when the supervisor is killed", async () => {
  await using folder = await stageFolder();
  await using apart = await stageApart(folder.path, "attached", [specOf("speak")]);
  const client = await connectSupervisor(folder.path);
  const followed: LogLine[] = [];
  for await (const line of client.logs({ follow: true })) {
    followed.push(line);
    if (followed.length === 2) apart.process.kill("SIGKILL");
  }
  assert.equal(followed.length, 2);
  await gone(apart.rows[0]!.pid!);
});

test("a folder whose path is too long for a socket works as well", async () => {
  await using folder = await stageFolder();
  const deep = folder.file("a-folder-with-quite-a-long-name/".repeat(5));
  await mkdir(deep, { recursive: true });
  await using staged = await stage(deep);
  await staged.supervisor.start([specOf("serve")]);
  assert.equal((await (await connectSupervisor(deep)).state()).instances.length, 1);
});

test("what the door does not know is a coded error", async () => {
  await using folder = await stageFolder();
  await using _ = await stage(folder.path);
  const statusOf = (path: string) =>
    new Promise((resolve, reject) => {
      request({ socketPath: folder.file(".cantle/run/supervisor.sock"), path, agent: false })
        .on("response", (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });
  for (const path of ["/secrets", "//", "/constructor", "http://[/state"]) assert.equal(await statusOf(path), 404);
});

function sorted(lines: readonly LogLine[]): string[] {
  return lines.map(({ stream, line }) => `${stream} ${line}`).sort();
}
