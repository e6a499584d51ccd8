/** External services inside one process: found, kept running, and gone with it. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as moment } from "node:timers/promises";
import { contract, get } from "@cantle/contract";
import { CantleError, systemClock, virtualClock } from "@cantle/core";
import { clientAs, service } from "@cantle/service";
import { type External, external, system } from "@cantle/system";
import { createLogger } from "@cantle/telemetry";
import { z } from "zod";
import { dialForeign } from "./external-dial.ts";
import { startExternals } from "./external-inside.ts";
import { startExternal } from "./external-service.ts";
import { createInstance } from "./instance.ts";

const names = contract("names", {
  version: "1.0.0",
  operations: { list: get("/names", { output: z.array(z.string()) }) },
});
const greeter = contract("greeter", {
  version: "1.2.0",
  operations: {
    greet: get("/greet", { output: z.object({ text: z.string(), pid: z.int() }) }),
    unwell: get("/unwell", {}),
    crash: get("/crash", {}),
  },
});

/** A program in the other language that is always there: JavaScript without anything of ours. */
const program = `
const { createServer } = require("node:http");
const { PORT, HOST, CANTLE_URL, CANTLE_TOKEN } = process.env;
let isWell = true;
createServer(async (request, response) => {
  if (request.url === "/health") return response.writeHead(isWell ? 204 : 503).end();
  if (request.url === "/unwell") { isWell = false; setTimeout(() => { isWell = true; }, 4500); return response.writeHead(204).end(); }
  if (request.url === "/crash") process.exit(9);
  const authorization = "Bearer " + CANTLE_TOKEN;
  const names = await (await fetch(CANTLE_URL + "/names/names", { headers: { authorization } })).json();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ text: "Hello " + names.join(" and "), pid: process.pid }));
}).listen(Number(PORT), HOST, () => console.log("up"));`;

/** An instance with the service 'names', and a system with these programs beside it. */
async function start(programs: Record<string, External>, clock = systemClock) {
  const shop = system("shop", { services: { names: async () => ({ default: running }), ...programs } });
  const running = service(names, { handlers: { list: async () => ["Ann", "Ben"] } });
  const folder = await mkdtemp(join(tmpdir(), "cantle-inside-"));
  const settings = { folder, home: folder, env: { ...process.env } };
  const logged: string[] = [];
  const log = createLogger((_level, message) => void logged.push(message));
  const instance = createInstance({
    id: "one-1",
    known: Object.keys(shop.services),
    log,
    settings,
    clock,
    connect: (address) => dialForeign(address, { clock }),
  });
  await instance.run([running]);
  const callerOf = () => assert.fail("there are no users here");
  const written: string[] = [];
  const output = (name: string) => () => ({
    write: (bytes: Uint8Array) => void written.push(`${name}: ${Buffer.from(bytes)}`),
    end() {},
  });
  return {
    instance,
    written,
    logged,
    options: { system: shop, services: Object.keys(shop.services), instance, callerOf, settings, output },
    client: clientAs(greeter, { service: "test", uses: "*" }, instance.mesh),
    async [Symbol.asyncDispose]() {
      await instance.started.stop();
      await rm(folder, { recursive: true });
    },
  };
}

const command = [process.execPath, "-e", program];
const good = external({ command, health: "/health", contract: greeter, uses: [names] });

test("a program is called by its contract, calls a service of the same process, and says what it says", async () => {
  await using it = await start({ greeter: good });
  const externals = await startExternals(it.options);
  assert.deepEqual([...externals.failed], []);
  const { text, pid } = await it.client.greet();
  assert.equal(text, "Hello Ann and Ben");
  assert.deepEqual(it.written, ["greeter: up\n"]);
  const [endpoint] = it.instance.mesh.resolver.view("greeter").endpoints;
  assert.deepEqual([endpoint?.version, endpoint?.state], ["1.2.0", "ready"]);
  await externals.stop();
  assert.equal(runs(pid), false);
});

test("a program that ends is started again, and callers wait for it", async () => {
  await using it = await start({ greeter: good });
  const externals = await startExternals(it.options);
  const { pid } = await it.client.greet();
  await assert.rejects(it.client.crash(), { code: /UNREACHABLE|UNAVAILABLE/ });
  const { pid: next } = await until(() => it.client.greet().catch(() => undefined));
  assert.notEqual(next, pid);
  await externals.stop();
  for (const each of [pid, next]) assert.equal(runs(each), false);
  assert.equal(it.logged.filter((line) => line.includes("INSTANCE_CRASHED")).length >= 1, true);
});

test("a program that is unwell is out of traffic until it is well again", async () => {
  await using it = await start({ greeter: good });
  const externals = await startExternals(it.options);
  const state = () => it.instance.mesh.resolver.view("greeter").endpoints[0]?.state;
  await it.client.unwell();
  await until(() => state() === "draining");
  await until(() => state() === "ready");
  assert.equal((await it.client.greet()).text, "Hello Ann and Ben");
  await externals.stop();
});

test("a program that cannot be started hurts nobody else", async () => {
  await using it = await start({
    greeter: good,
    missing: external({ command: "no-such-program" }),
    fragile: external({ command: [process.execPath, "-e", "process.exit(4)"] }),
  });
  const externals = await startExternals(it.options);
  const codes = [...externals.failed].map(([name, { code }]) => [name, code]);
  assert.deepEqual(Object.fromEntries(codes), {
    missing: "COMMAND_MISSING",
    fragile: "INSTANCE_CRASHED",
  });
  assert.equal((await it.client.greet()).text, "Hello Ann and Ben");
  await externals.stop();
});

test("a program that is never well is ended, with what was looked for", async () => {
  const clock = virtualClock();
  const silent = external({
    command: [process.execPath, "-e", "console.log(process.pid); setInterval(() => {}, 1e6)"],
  });
  await using it = await start({ silent }, clock);
  const { output, instance, ...options } = it.options;
  let isSettled = false;
  const starting = startExternal({
    ...options,
    service: "silent",
    mesh: instance.mesh,
    output: output("silent"),
    minded: false,
    announce: () => assert.fail("it was never well"),
  }).finally(() => {
    isSettled = true;
  });
  const refused = assert.rejects(starting, { code: "START_TIMEOUT", message: /^'silent' does not listen on port \d+/ });
  await until(() => it.written.length > 0);
  await until(() => clock.advance(1_000).then(() => isSettled));
  await refused;
  assert.equal(runs(Number(it.written[0]?.split(": ")[1])), false);
});

test("a start is ended when the system is", async () => {
  const silent = external({
    command: [process.execPath, "-e", "console.log(process.pid); setInterval(() => {}, 1e6)"],
  });
  await using it = await start({ silent });
  const { output, instance, ...options } = it.options;
  const ending = new AbortController();
  const starting = startExternal({
    ...options,
    service: "silent",
    mesh: instance.mesh,
    output: output("silent"),
    minded: false,
    announce: () => {},
    signal: ending.signal,
  });
  const refused = assert.rejects(starting, { code: "CANCELLED" });
  await until(() => it.written.length > 0);
  ending.abort(new CantleError("CANCELLED", "it was stopped while it started"));
  await refused;
  assert.equal(runs(Number(it.written[0]?.split(": ")[1])), false);
});

/** True while a process of ours has this number; it is ours to wait for, so it is no zombie once it ended. */
function runs(pid: number): boolean {
  assert.ok(pid > 1);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves as soon as `condition` gives something true; the test's own time limit bounds it. */
async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const found = await condition();
    if (found) return found;
    await moment(20);
  }
}
