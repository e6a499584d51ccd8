/** The wire between real processes: one that is killed, one that is stopped, one that is fed by a slow reader. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Call, type CantleError, type Operation, virtualClock } from "@cantle/core";
import { dialWire } from "./dial.ts";

const program = `
import { seededRandom, systemClock } from "@cantle/core";
const { listenWire } = await import(process.argv[1]);
const operation = (name) => ({ service: "things", name, version: "1.0.0" });
const handlers = {
  echo: async ({ payload }) => ({ kind: "bytes", bytes: payload.bytes }),
  never: () => new Promise(() => {}),
  flood: async () => ({ kind: "download", download: { type: "x", chunks: (async function* () { for (;;) yield Buffer.alloc(65536); })() } }),
  memory: async () => ({ kind: "value", value: process.memoryUsage().rss }),
};
await listenWire("unix:" + process.argv[2], {
  find: (_, name) => ({ operation: operation(name), handle: handlers[name] }),
  list: () => [],
  peerOf: (_, service) => ({ service, uses: "*" }),
  callerOf: () => undefined,
}, { clock: systemClock, random: seededRandom(1) });
process.send("listening");
`;

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cantle-"));
});
after(() => rm(folder, { recursive: true }));

async function start(name: string) {
  const path = join(folder, name);
  const listen = new URL("./listen.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, listen, path], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    cwd: import.meta.dirname,
  });
  await once(child, "message");
  const clock = virtualClock();
  const connection = dialWire(`unix:${path}`, { clock, token: "t", services: ["orders"] });
  const call = (operation: string) =>
    connection.handle(
      new Call({ service: "things", name: operation, version: "1.0.0" } as Operation, {
        payload: { kind: "value", value: {} },
        peer: { service: "orders", uses: "*" },
        trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
        deadlineMs: Number.POSITIVE_INFINITY,
      }),
    );
  return { child, clock, connection, call, stop: () => Promise.all([connection.close(), killed(child)]) };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

test("calls to a process that is killed fail with UNREACHABLE", async () => {
  const { child, call, connection, stop } = await start("killed");
  await call("echo");
  const answers = Array.from({ length: 10 }, () => call("never").catch((error: CantleError) => error.code));
  await call("echo");
  await killed(child);
  assert.deepEqual(await Promise.all(answers), Array(10).fill("UNREACHABLE"));
  assert.equal(connection.state, "closed");
  await stop();
});

test("calls to a process that is stopped fail with UNREACHABLE when its pings are not answered", async () => {
  const { child, clock, call, stop } = await start("stopped");
  await call("echo");
  child.kill("SIGSTOP");
  const answer = call("never").catch((error: CantleError) => error.code);
  await clock.advance(30_000);
  assert.equal(await answer, "UNREACHABLE");
  await stop();
});

test("a reader that stops in a download leaves the server's memory flat", async () => {
  const { call, stop } = await start("flood");
  const reply = await call("flood");
  assert.ok(reply.kind === "download");
  const memory = async () => {
    const answer = await call("memory");
    assert.ok(answer.kind === "bytes");
    return Number(Buffer.from(answer.bytes).toString());
  };
  const earlier = await memory();
  for (let round = 0; round < 200; round++) await call("echo");
  assert.ok((await memory()) - earlier < 64 * 1024 * 1024);
  await reply.download.chunks[Symbol.asyncIterator]().return?.();
  await stop();
});
