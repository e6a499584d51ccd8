import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as moment } from "node:timers/promises";
import { systemClock, virtualClock } from "@cantle/core";
import { type ProgramOptions, startProgram } from "./external-program.ts";

const place = 'system("shop").services.weather';

/** Starts JavaScript text as a program; `line` gives its lines. */
async function start(text: string, more: Partial<ProgramOptions> = {}) {
  const lines: string[] = [];
  let wake = () => {};
  const output = () => {
    let held = "";
    return {
      write(bytes: Uint8Array) {
        const parts = (held + Buffer.from(bytes).toString()).split("\n");
        held = parts.pop() ?? "";
        lines.push(...parts);
        wake();
      },
      end() {},
    };
  };
  const program = await startProgram({
    service: "weather",
    place,
    command: [process.execPath, "-e", text],
    cwd: tmpdir(),
    env: process.env,
    output,
    minded: false,
    clock: systemClock,
    ...more,
  });
  async function line(): Promise<string> {
    while (lines.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
    return lines.shift() as string;
  }
  return { program, line, [Symbol.asyncDispose]: () => program.stop() };
}

test("a program is run without a shell, in its folder and with its environment", async () => {
  const text = "console.log(process.cwd(), process.env.CITY, process.argv[1]); setInterval(() => {}, 1e6)";
  const command = [process.execPath, "-e", text, "$HOME; exit"];
  await using it = await start("", { command, env: { ...process.env, CITY: "Bergen" } });
  assert.equal(await it.line(), `${tmpdir()} Bergen $HOME; exit`);
});

test("a command that does not exist is told from a folder that does not", async () => {
  await assert.rejects(start("", { command: ["no-such-program"] }), {
    code: "COMMAND_MISSING",
    message: "the command 'no-such-program' of 'weather' does not exist",
    place: `${place}.command`,
  });
  await assert.rejects(start("", { cwd: "/no/such/folder" }), { code: "CONFIG_INVALID", place: `${place}.cwd` });
});

test("how it ended is told, whoever ended it", async () => {
  for (const [text, how] of [
    ["process.exit(7)", "with exit code 7"],
    ["process.kill(process.pid, 'SIGKILL')", "by SIGKILL"],
  ] as const) {
    const { program } = await start(text);
    const { code, message } = await program.ended;
    assert.deepEqual([code, message], ["INSTANCE_CRASHED", `the program of 'weather' ended ${how}`]);
    await program.stop();
  }
});

test("it is asked to end, and may take its time", async () => {
  const text =
    "process.on('SIGTERM', () => { console.log('bye'); process.exit(3) }); console.log('up'); setInterval(() => {}, 1e6)";
  const it = await start(text);
  await it.line();
  await it.program.stop();
  assert.equal(await it.line(), "bye");
});

test("one that does not hear is killed after ten seconds", async () => {
  const clock = virtualClock();
  const it = await start(
    "process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 1e6)",
    { clock },
  );
  await it.line();
  const stopped = it.program.stop();
  assert.equal(await it.line(), "no");
  await clock.advance(10_000);
  await stopped;
  assert.match((await it.program.ended).message, /by SIGKILL/);
});

test("what it leaves in its group goes with it", async () => {
  const it = await start(`console.log(${child}.pid); setInterval(() => {}, 1e6)`);
  const grandchild = Number(await it.line());
  assert.ok(await runs(grandchild));
  await it.program.stop();
  await gone(grandchild);
});

test("when this process is killed, the guard ends the program and its children", async () => {
  const program = new URL("./external-program.ts", import.meta.url);
  const text = `console.log(process.pid, ${child}.pid); process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)`;
  const options = {
    service: "weather",
    place,
    command: [process.execPath, "-e", text],
    cwd: "/",
    output: "inherit",
    minded: false,
  };
  const code = `
    const { startProgram } = await import(${JSON.stringify(program)});
    const { systemClock } = await import("@cantle/core");
    await startProgram({ ...${JSON.stringify(options)}, env: process.env, clock: systemClock });`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pids = (await firstLine(parent.stdout)).split(" ").map(Number);
  assert.equal(pids.length, 2);
  for (const pid of pids) assert.ok(await runs(pid));
  parent.kill("SIGKILL");
  await Promise.all(pids.map(gone));
});

/** JavaScript for a child that would live for ever. */
const child = `require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" })`;

async function firstLine(input: Readable): Promise<string> {
  const lines = createInterface({ input });
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.once("line", resolve);
  return promise;
}

async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  return stat !== undefined && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

/** Resolves when no process has this number; the test's own time limit bounds it. */
async function gone(pid: number): Promise<void> {
  while (await runs(pid)) await moment(20);
}
