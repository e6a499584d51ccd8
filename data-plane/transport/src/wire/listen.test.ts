/** Addresses, files and ports of the operating system. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Call, type Operation, seededRandom, virtualClock } from "@cantle/core";
import type { Doors } from "../transport.ts";
import { dialWire } from "./dial.ts";
import { type ListenWireOptions, listenWire } from "./listen.ts";

const operation = { service: "things", name: "echo", version: "1.2.0" } as Operation;
const served = { operation, handle: async () => ({ kind: "value", value: 1 }) as const };
const doors: Doors = {
  find: () => served,
  list: () => [served],
  peerOf: (_, service) => ({ service, uses: "*" }),
  callerOf: (assertion) => ({ id: assertion, roles: [], assertion }),
};
const clock = virtualClock();
const listen = (address: string, options: Partial<ListenWireOptions> = {}) =>
  listenWire(address, doors, { clock, random: seededRandom(1), ...options });
const dial = (address: string) => dialWire(address, { clock, token: "t", services: ["orders"] });
const call = () =>
  new Call(operation, {
    payload: { kind: "value", value: {} },
    peer: { service: "orders", uses: "*" },
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: Number.POSITIVE_INFINITY,
  });

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cantle-"));
});
after(() => rm(folder, { recursive: true }));

test("a Unix socket is its owner's alone, and is gone after stop", async () => {
  const path = join(folder, "mode");
  const listener = await listen(`unix:${path}`);
  assert.equal(listener.address, `unix:${path}`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await listener.stop();
  assert.equal(existsSync(path), false);
});

test("what a dead process left behind is replaced", async () => {
  const path = join(folder, "stale");
  // A listener that is closed with its file renamed away leaves a socket that nobody listens on.
  const dead = createServer().listen(`${path}.other`);
  await once(dead, "listening");
  const { renameSync } = await import("node:fs");
  renameSync(`${path}.other`, path);
  dead.close();
  await once(dead, "close");
  assert.ok(statSync(path).isSocket());
  const listener = await listen(`unix:${path}`);
  const connection = dial(listener.address);
  await connection.handle(call());
  await connection.close();
  await listener.stop(0);
});

test("a socket that somebody listens on is not taken away", async () => {
  const path = join(folder, "live");
  const first = await listen(`unix:${path}`);
  await assert.rejects(listen(`unix:${path}`), { code: "PORT_BUSY" });
  const connection = dial(first.address);
  await connection.handle(call());
  await connection.close();
  await first.stop(0);
});

test("a file that is not a socket is not removed", async () => {
  const path = join(folder, "file");
  writeFileSync(path, "precious");
  await assert.rejects(listen(`unix:${path}`), { code: "PORT_BUSY" });
  assert.ok(existsSync(path));
});

test("a folder that is not there is a mistake of the configuration", async () => {
  await assert.rejects(listen(`unix:${join(folder, "no", "such")}`), { code: "CONFIG_INVALID" });
});

for (const address of [
  "unix:relative",
  `unix:/${"x".repeat(120)}`,
  "unix:/a\0b",
  "tcp://127.0.0.1",
  "tcp://127.0.0.1:99999",
  "tcp://user@127.0.0.1:1",
  "tcp://127.0.0.1:1/path",
  "http://127.0.0.1:1",
  "",
]) {
  test(`'${address.slice(0, 30)}' is not an address of the wire`, async () => {
    await assert.rejects(listen(address), { code: "CONFIG_INVALID" });
    assert.throws(() => dial(address), { code: "CONFIG_INVALID" });
  });
}

for (const host of ["0.0.0.0", "[::]", "192.0.2.1", "example.com", "127.0.0.1.example.com", "[::ffff:192.0.2.1]"]) {
  test(`${host} is refused unless off-host is allowed`, async () => {
    await assert.rejects(listen(`tcp://${host}:0`), { code: "BIND_REFUSED" });
  });
}

test("with off-host allowed, all interfaces may be listened on", async () => {
  const listener = await listen("tcp://0.0.0.0:0", { offHost: true });
  assert.match(listener.address, /^tcp:\/\/0\.0\.0\.0:\d+$/);
  await listener.stop();
});

test("port 0 takes a free one, and a port that is taken is PORT_BUSY", async () => {
  const listener = await listen("tcp://127.0.0.1:0");
  assert.match(listener.address, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  await assert.rejects(listen(listener.address), { code: "PORT_BUSY" });
  await listener.stop();
});

test("a web browser at the door is closed at once, and the next caller is served", async () => {
  const listener = await listen("tcp://127.0.0.1:0");
  const browser = connect(Number(new URL(listener.address).port), "127.0.0.1");
  browser.on("error", () => {});
  browser.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  browser.resume();
  await once(browser, "close");
  const connection = dial(listener.address);
  await connection.handle(call());
  await connection.close();
  await listener.stop();
});

test("connections past connectionsMax are closed as they come", async () => {
  const listener = await listen(`unix:${join(folder, "max")}`, { connectionsMax: 2 });
  const connections = [dial(listener.address), dial(listener.address)];
  for (const connection of connections) await connection.handle(call());
  const third = dial(listener.address);
  await assert.rejects(third.handle(call()), { code: "CONNECT_FAILED" });
  await Promise.all([...connections, third].map((connection) => connection.close()));
  await listener.stop(0);
});

test("a connection dials again when the other side is back, and not after it was closed", async () => {
  const address = `unix:${join(folder, "again")}`;
  const connection = dial(address);
  assert.equal(connection.state, "connecting");
  await assert.rejects(connection.handle(call()), { code: "CONNECT_FAILED" });
  for (let life = 0; life < 2; life++) {
    const listener = await listen(address);
    await connection.handle(call());
    assert.equal(connection.state, "open");
    await listener.stop(0);
    const refused = await connection.handle(call()).catch((error) => error.code);
    assert.ok(["CONNECT_FAILED", "DRAINING"].includes(refused), refused);
  }
  const listener = await listen(address);
  await connection.close();
  await assert.rejects(connection.handle(call()), { code: "CONNECT_FAILED" });
  await listener.stop(0);
});

test("stop is over when its connections are, even those that do not hear it", async () => {
  const listener = await listen(`unix:${join(folder, "deaf")}`);
  const deaf = connect({ path: join(folder, "deaf"), allowHalfOpen: true });
  await once(deaf, "connect");
  const stopped = listener.stop(0);
  deaf.on("error", () => {});
  const gone = once(deaf, "end");
  deaf.resume();
  await gone;
  await clock.advance(2000);
  await stopped;
  deaf.destroy();
});
