import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { systemClock, virtualClock } from "@cantle/core";
import { createCheck, isExposed } from "./external-check.ts";

const host = "127.0.0.1";

async function program(listener: RequestListener, at = host) {
  const connections: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    connections.push(request.headers.connection);
    listener(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, at, resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, connections, close, [Symbol.asyncDispose]: close };
}

test("a program is well when its health path answers 2xx, and nothing else", async () => {
  const statuses = [200, 204, 299, 301, 404, 500];
  await using it = await program((_request, response) => void response.writeHead(statuses.shift() ?? 200).end("..."));
  const check = createCheck({ host, port: it.port, path: "/health", clock: systemClock });
  const faults = [];
  while (statuses.length > 0) faults.push(await check.look());
  await check.close();
  assert.deepEqual(faults, [
    undefined,
    undefined,
    undefined,
    ...[301, 404, 500].map((s) => `answered ${s} to GET /health`),
  ]);
  assert.deepEqual(new Set(it.connections), new Set(["close"]), "a program of one thread is not occupied");
});

test("a program that accepts and is silent is not well, after a second", async () => {
  const asked = Promise.withResolvers<void>();
  await using it = await program(() => asked.resolve());
  const clock = virtualClock();
  const check = createCheck({ host, port: it.port, path: "/health", clock });
  const look = check.look();
  await asked.promise;
  await clock.advance(1_000);
  assert.equal(await look, "did not answer GET /health within 1000 ms");
  await check.close();
});

test("without a health path a program is well when its port takes connections", async () => {
  const it = await program(() => {});
  const check = createCheck({ host, port: it.port, clock: systemClock });
  assert.equal(await check.look(), undefined);
  await it.close();
  assert.equal(await check.look(), "does not listen");
  const asked = createCheck({ host, port: it.port, path: "/health", clock: systemClock });
  assert.equal(await asked.look(), "does not answer GET /health");
  await asked.close();
});

test("a program that listens beyond this machine is told from one that does not", async (t) => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  if (!addresses.some(({ internal, family }) => !internal && family === "IPv4"))
    return t.skip("needs a network interface");
  await using open = await program(() => {}, "0.0.0.0");
  await using inside = await program(() => {});
  assert.equal(await isExposed(open.port, systemClock), true);
  assert.equal(await isExposed(inside.port, systemClock), false);
});
