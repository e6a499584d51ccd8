import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get, post } from "@cantle/contract";
import { CantleError, createDeadlines, systemClock, systemRandom } from "@cantle/core";
import { type OutboundHost, staticResolver } from "@cantle/mesh";
import { runService, service } from "@cantle/service";
import { silentLogger } from "@cantle/telemetry";
import { z } from "zod";
import { startSidecar } from "./external-sidecar.ts";

const catalog = contract("catalog", {
  version: "1.0.0",
  operations: {
    root: get("/", { output: z.string() }),
    read: get("/trips/{id}", {
      input: z.object({ id: z.string(), limit: z.int().optional() }),
      output: z.unknown(),
      errors: { NoSuchTrip: { status: 404 } },
    }),
    book: post("/trips", { input: z.object({ city: z.string() }), output: z.unknown(), status: 201 }),
    mine: get("/mine", { access: "user", output: z.string() }),
    follow: get("/changes", { stream: z.number() }),
    dawdle: get("/dawdle", { output: z.string() }),
  },
});
const secret = contract("secret", { version: "1.0.0", operations: { read: get("/", { output: z.string() }) } });
const token = "0123456789abcdef";
const authorization = `Bearer ${token}`;

/** A sidecar of 'weather', which may call 'catalog', in one process with both services. */
async function start() {
  const resolver = staticResolver();
  const handlers = new Map<unknown, OutboundHost["dial"] extends (endpoint: never) => infer H ? H : never>();
  const mesh: OutboundHost = {
    clock: systemClock,
    random: systemRandom(),
    deadlines: createDeadlines(systemClock),
    log: silentLogger,
    resolver,
    dial: () => (call) => handlers.get(call.operation)!(call),
  };
  const definitions = [
    service(catalog, {
      handlers: {
        root: async (_input, { peer }) => peer.service,
        async read(input, { fail }) {
          if (input.id === "none") throw fail("NoSuchTrip");
          return input;
        },
        book: async (input, { idempotencyKey }) => ({ ...input, idempotencyKey }),
        mine: async (_input, { caller }) => caller.id,
        async *follow() {
          yield 1;
          yield 2;
        },
        dawdle: (_input, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
    }),
    service(secret, { handlers: { read: async () => "secret" } }),
  ];
  for (const definition of definitions) {
    const { name, version } = definition.contract;
    const { served } = await runService(definition, { ...mesh, config: {}, engineOf: () => assert.fail() });
    for (const { operation, handle } of served) handlers.set(operation, handle);
    resolver.set(name, [{ id: name, service: name, version, state: "ready", address: "memory:" }]);
  }
  const callerOf = (assertion: string) => {
    if (assertion !== "assertion-of-ann") throw new CantleError("UNAUTHENTICATED", "the assertion is not valid");
    return { id: "ann", roles: [], assertion };
  };
  const sidecar = await startSidecar({ service: "weather", uses: [catalog], token, mesh, callerOf });
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(sidecar.address + path, { ...init, headers: { authorization, ...init.headers } });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, code: /"code":"(\w+)"/.exec(text)?.[1] };
  };
  return { call, [Symbol.asyncDispose]: () => sidecar.stop(0) };
}

test("a program calls a declared service by the path of the operation, internal ones too", async () => {
  await using it = await start();
  assert.deepEqual(JSON.parse((await it.call("/catalog/trips/a%20b?limit=5")).text), { id: "a b", limit: 5 });
  const booked = await it.call("/catalog/trips", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "k1" },
    body: '{"city":"Bergen"}',
  });
  assert.equal(booked.status, 201);
  assert.deepEqual(JSON.parse(booked.text), { city: "Bergen", idempotencyKey: "k1" });
  assert.equal((await it.call("/catalog/changes")).text, "data: 1\n\ndata: 2\n\n");
});

test("it calls in the name of the external service", async () => {
  await using it = await start();
  assert.equal((await it.call("/catalog")).text, '"weather"');
});

test("what goes wrong is a problem document, declared failures by their name", async () => {
  await using it = await start();
  for (const [path, status, code] of [
    ["/catalog/trips/none", 404, "NoSuchTrip"],
    ["/catalog/trips/x?limit=many", 422, "INPUT_INVALID"],
    ["/catalog/none", 404, "ROUTE_UNKNOWN"],
  ] as const) {
    const answer = await it.call(path);
    assert.deepEqual([answer.status, answer.code], [status, code], path);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
  }
  assert.equal((await it.call("/catalog/trips", { method: "DELETE" })).status, 405);
});

test("nobody is heard without the token", async () => {
  await using it = await start();
  const wrong = [
    "",
    "Bearer",
    token,
    `Basic ${token}`,
    `bearer  ${token}`,
    `${authorization} `.repeat(2),
    authorization.slice(0, -1),
  ];
  for (const bad of [...wrong, `${authorization}0`, authorization.toUpperCase(), `Bearer ${"0".repeat(16)}`]) {
    for (const path of ["/catalog", "/secret", "/"]) {
      const answer = await it.call(path, { headers: { authorization: bad } });
      assert.deepEqual([answer.status, answer.code], [401, "UNAUTHENTICATED"], `${bad} ${path}`);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
  }
});

test("what is not declared cannot be told from what is not there", async () => {
  await using it = await start();
  for (const path of ["/secret", "/nowhere", "/", "/constructor", "/__proto__/x", "/Catalog", "/catalog;x"]) {
    const answer = await it.call(path);
    assert.deepEqual([answer.status, answer.code], [403, "PEER_REFUSED"], path);
  }
  assert.equal((await it.call("/catalog%2ftrips/1")).status, 400);
});

test("the user is who a good assertion says, and nobody without one", async () => {
  await using it = await start();
  assert.equal((await it.call("/catalog/mine")).status, 401);
  assert.equal((await it.call("/catalog/mine", { headers: { "cantle-caller": "assertion-of-ben" } })).status, 401);
  assert.equal((await it.call("/catalog/mine", { headers: { "cantle-caller": "assertion-of-ann" } })).text, '"ann"');
});

test("the time that is left goes along", async () => {
  await using it = await start();
  const late = await it.call("/catalog/dawdle", { headers: { "cantle-timeout-ms": "30" } });
  assert.deepEqual([late.status, late.code], [504, "DEADLINE_EXCEEDED"]);
  for (const bad of ["-1", "1.5", "soon", "1e3", "9999999999"])
    assert.equal((await it.call("/catalog", { headers: { "cantle-timeout-ms": bad } })).status, 400, bad);
});
