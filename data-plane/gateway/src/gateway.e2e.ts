import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { bytes, contract, del, get, post, put } from "@cantle/contract";
import {
  type Call,
  CantleError,
  type Handler,
  isCantleError,
  type Operation,
  type Reply,
  systemClock,
  virtualClock,
} from "@cantle/core";
import { z } from "zod";
import { type GatewayOptions, listenGateway } from "./gateway.ts";
import { staticTokens } from "./tokens.ts";

const ById = z.object({ id: z.string() });
const things = contract("things", {
  version: "1.0.0",
  operations: {
    list: get("/things", { access: "public", output: z.unknown() }),
    make: post("/things", {
      access: "user",
      input: z.object({}),
      output: z.unknown(),
      status: 201,
      errors: { Taken: { status: 409 } },
    }),
    read: get("/things/{id}", { access: "public", input: ById, output: z.unknown(), deprecated: true, timeoutMs: 250 }),
    remove: del("/things/{id}", { access: { roles: ["admin"] }, input: ById }),
    audit: get("/things/{id}/audit", { input: ById, output: z.unknown() }),
    rebuild: post("/rebuild", {}),
    watch: get("/watch", { access: "public", stream: z.unknown() }),
    photo: get("/photo", { access: "public", download: bytes() }),
    store: put("/photo", { access: "user", upload: bytes({ types: ["image/png"] }) }),
  },
});

const tokens = staticTokens({
  "token-of-ann": { id: "ann", roles: [], assertion: "assertion-of-ann" },
  "token-of-bob": { id: "bob", roles: ["admin"], assertion: "assertion-of-bob" },
});

async function start(options: Partial<GatewayOptions> = {}) {
  const calls: Call[] = [];
  let handle: Handler = async (call) => ({
    kind: "value",
    value: call.operation.status === 204 ? undefined : call.operation.name,
  });
  const gateway = await listenGateway({
    mounts: [things],
    send: () => (call) => {
      calls.push(call);
      return handle(call);
    },
    clock: systemClock,
    tokens,
    ...options,
  });
  return {
    gateway,
    url: gateway.address,
    calls,
    on(next: Handler) {
      handle = next;
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

type Asked = Record<string, string> & { method?: string; body?: string };

/** Asks, and answers with what matters: status, code of a problem or the value, header fields. */
async function ask(url: string, { method = "GET", body, ...headers }: Asked = {}) {
  const answer = await fetch(url, { method, headers, redirect: "manual", ...(body !== undefined && { body }) });
  const text = await answer.text();
  const value = text === "" ? undefined : JSON.parse(text);
  return { status: answer.status, code: value?.code, value, headers: answer.headers };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const json = { "content-type": "application/json" };

describe("the gateway's routes", () => {
  test("are the operations with access; what is internal is the same as what does not exist", async () => {
    await using gateway = await start();
    assert.deepEqual([(await ask(`${gateway.url}/things`)).value, gateway.calls.length], ["list", 1]);
    const unknown = await ask(`${gateway.url}/no/such/thing`);
    for (const [path, method] of [
      ["/things/1/audit", "GET"],
      ["/things/1/audit", "OPTIONS"],
      ["/rebuild", "POST"],
      ["/rebuild", "GET"],
    ] as const) {
      for (const headers of [{}, bearer("token-of-bob")]) {
        const internal = await ask(gateway.url + path, { method, ...headers });
        assert.deepEqual([internal.status, internal.value], [404, unknown.value], path);
        assert.deepEqual([...internal.headers.keys()], [...unknown.headers.keys()]);
      }
    }
    assert.equal(gateway.calls.length, 1);
  });

  test("lie below the gateway's prefix and that of their mount", async () => {
    await using gateway = await start({
      prefix: "/api",
      mounts: [{ ...things, prefix: "/v1" }, { operations: { list: things.operations.list } }],
    });
    assert.equal((await ask(`${gateway.url}/api/v1/things/7`)).value, "read");
    assert.equal((await ask(`${gateway.url}/api/things`)).value, "list");
    for (const path of ["/things", "/v1/things", "/api", "/api/v1", "/apithings", "/api/v1/things/", "/API/things"]) {
      assert.equal((await ask(gateway.url + path)).code, "ROUTE_UNKNOWN", path);
    }
    for (const prefix of ["api", "/api/", "/a//b", "/..", "/a%20b"]) {
      await assert.rejects(
        start({ prefix }),
        (error) => isCantleError(error) && error.code === "CONFIG_INVALID",
        prefix,
      );
    }
  });

  test("can be replaced while it runs, and stay as they are when the new ones contradict each other", async () => {
    await using gateway = await start({ mounts: [] });
    assert.equal((await ask(`${gateway.url}/things`)).status, 404);
    gateway.gateway.mount([things]);
    assert.equal((await ask(`${gateway.url}/things`)).value, "list");
    assert.throws(
      () => gateway.gateway.mount([things, { operations: things.operations }]),
      (error) => isCantleError(error) && error.code === "SYSTEM_INVALID",
    );
    assert.equal((await ask(`${gateway.url}/things`)).value, "list");
  });

  test("refuse everybody who may not, for every operation, whatever is presented", async () => {
    await using gateway = await start();
    const refusal = { none: "UNAUTHENTICATED", bad: "UNAUTHENTICATED", user: "FORBIDDEN" };
    for (const operation of Object.values(things.operations) as Operation[]) {
      const { access, method, path } = operation;
      if (access === undefined || access === "public") continue;
      const url = gateway.url + path.replace("{id}", "1");
      assert.equal((await ask(url, { method })).code, refusal.none, operation.name);
      assert.equal((await ask(url, { method, ...bearer("forged") })).code, refusal.bad, operation.name);
      if (typeof access === "object")
        assert.equal((await ask(url, { method, ...bearer("token-of-ann") })).code, refusal.user);
    }
    assert.equal(gateway.calls.length, 0);
  });
});

describe("the gateway's callers", () => {
  test("a good token passes its user on, on public operations too", async () => {
    await using gateway = await start();
    await ask(`${gateway.url}/things`);
    await ask(`${gateway.url}/things`, bearer("token-of-ann"));
    await ask(`${gateway.url}/things`, { authorization: "bEARER   token-of-ann" });
    assert.equal((await ask(`${gateway.url}/things/1`, { method: "DELETE", ...bearer("token-of-bob") })).status, 204);
    assert.deepEqual(
      gateway.calls.map((call) => call.caller?.assertion),
      [undefined, "assertion-of-ann", "assertion-of-ann", "assertion-of-bob"],
    );
    assert.ok(gateway.calls.every((call) => call.peer.service === "gateway" && call.peer.uses === "*"));
  });

  test("a token that is presented and bad is 401, on public operations too, with a challenge that tells so", async () => {
    await using gateway = await start();
    for (const authorization of [
      "Bearer forged",
      "Bearer",
      "Bearer ",
      "token-of-ann",
      "Basic dG9rZW4=",
      "Bearer token-of-ann x",
      "Bearer token-of-ann,",
      "Bearer token-of-ann, Bearer token-of-ann",
      "Bearertoken-of-ann",
      "Bearer  ",
      "Bearer \ttoken-of-ann",
      "Bearer __proto__",
      "Bearer constructor",
      `Bearer ${"a".repeat(8_000)}`,
      "",
    ]) {
      const answer = await ask(`${gateway.url}/things`, { authorization });
      assert.deepEqual([answer.status, answer.code], [401, "UNAUTHENTICATED"], authorization);
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
    }
    assert.equal(
      (await ask(`${gateway.url}/things`, { method: "POST", ...json })).headers.get("www-authenticate"),
      "Bearer",
    );
    assert.equal(gateway.calls.length, 0);
  });

  test("several Authorization fields are a bad one, even when each is good", async () => {
    await using gateway = await start();
    for (const second of ["token-of-ann", "token-of-bob", "forged"]) {
      const answer = await raw(
        gateway.gateway.port,
        `GET /things HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer token-of-ann\r\nauthorization: Bearer ${second}\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 401 /);
    }
    assert.equal(gateway.calls.length, 0);
  });

  test("schemes are chosen, and a gateway without users has none", async () => {
    await using gateway = await start({ schemes: ["Token", "Bearer"] });
    assert.equal((await ask(`${gateway.url}/things`, { authorization: "Token token-of-ann" })).status, 200);
    assert.equal((await ask(`${gateway.url}/things`, bearer("token-of-ann"))).status, 200);
    assert.equal((await ask(`${gateway.url}/things`, { authorization: "Basic token-of-ann" })).status, 401);
    assert.equal(
      (await ask(`${gateway.url}/things`, { method: "POST" })).headers.get("www-authenticate"),
      "Token, Bearer",
    );
    const { tokens: _, ...rest } = { tokens };
    await using nobody = await start({ ...rest, tokens: staticTokens({}) });
    assert.equal((await ask(`${nobody.url}/things`, bearer("token-of-ann"))).status, 401);
  });

  test("what only one user may see is kept nowhere, and nothing is sniffed", async () => {
    await using gateway = await start();
    const open = await ask(`${gateway.url}/things`);
    const own = await ask(`${gateway.url}/things`, { method: "POST", ...bearer("token-of-ann"), ...json, body: "{}" });
    const lost = await ask(`${gateway.url}/nowhere`);
    assert.deepEqual(
      [open, own, lost].map(({ headers }) => headers.get("x-content-type-options")),
      ["nosniff", "nosniff", "nosniff"],
    );
    assert.deepEqual(
      [open, own, lost].map(({ headers }) => headers.get("cache-control")),
      [null, "no-store", "no-store"],
    );
  });

  test("a verifier that is down is neither a good nor a bad token", async () => {
    const down = { verify: async () => Promise.reject(new CantleError("UNAVAILABLE", "the issuer is away")) };
    await using gateway = await start({ tokens: down });
    const answer = await ask(`${gateway.url}/things`, bearer("token-of-ann"));
    assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [503, null]);
  });
});

describe("the gateway's calls", () => {
  test("carry the body unparsed, the query raw, parameters decoded once, key and trace", async () => {
    await using gateway = await start();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    await ask(`${gateway.url}/things/a%20b%2541?q=%2F&q=2`, { traceparent, tracestate: "a=1" });
    await ask(`${gateway.url}/things`, {
      method: "POST",
      ...bearer("token-of-ann"),
      ...json,
      "idempotency-key": "k1",
      body: "{ not json",
    });
    const [read, make] = gateway.calls as [Call, Call];
    assert.deepEqual(read.payload, {
      kind: "http",
      params: { id: "a b%41" },
      query: "q=%2F&q=2",
      bytes: new Uint8Array(),
    });
    assert.deepEqual(
      [read.trace.traceId, read.trace.sampled, read.trace.state],
      [traceparent.slice(3, 35), true, "a=1"],
    );
    assert.ok(make.payload.kind === "http");
    assert.deepEqual([Buffer.from(make.payload.bytes).toString(), make.idempotencyKey], ["{ not json", "k1"]);
    assert.notEqual(make.trace.traceId, read.trace.traceId);
  });

  test("have the deadline that the contract or the gateway says", async () => {
    const clock = virtualClock();
    await using gateway = await start({ clock });
    await ask(`${gateway.url}/things`);
    await ask(`${gateway.url}/things/1`);
    assert.deepEqual(
      gateway.calls.map((call) => call.deadlineMs),
      [10_000, 250],
    );
    await using patient = await start({ clock, timeoutMs: () => 60_000 });
    await ask(`${patient.url}/things/1`);
    assert.equal(patient.calls[0]?.deadlineMs, 60_000);
  });

  test("cannot be steered by fields that are between services", async () => {
    await using gateway = await start();
    await ask(`${gateway.url}/things`, {
      "cantle-caller": "assertion-of-bob",
      "cantle-peer": "x",
      "cantle-service": "orders",
      "cantle-operation": "things.audit@1.0.0",
      "cantle-timeout-ms": "9999999",
    });
    const [call] = gateway.calls as [Call];
    assert.deepEqual([call.operation.name, call.caller, call.peer.service], ["list", undefined, "gateway"]);
    assert.ok(call.deadlineMs <= systemClock.nowMs() + 10_000);
  });

  test("are cancelled when their client goes away", async () => {
    await using gateway = await start();
    const [entered, cancelled] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
    gateway.on((call) => {
      call.onCancel(cancelled.resolve);
      entered.resolve();
      return new Promise((_, reject) => void call.onCancel(reject));
    });
    const socket = connect(gateway.gateway.port, "127.0.0.1");
    socket.write("GET /things HTTP/1.1\r\nHost: x\r\n\r\n");
    await entered.promise;
    socket.destroy();
    const reason = await cancelled.promise;
    assert.ok(isCantleError(reason) && reason.code === "CANCELLED");
    gateway.on(async () => ({ kind: "value", value: 1 }));
    assert.equal((await ask(`${gateway.url}/things`)).value, 1);
  });
});

describe("the gateway's answers", () => {
  test("are the reply's bytes with the operation's status", async () => {
    await using gateway = await start();
    gateway.on(async () => ({ kind: "bytes", bytes: Buffer.from('{ "n": 1 }'), retried: true }));
    const made = await fetch(`${gateway.url}/things`, {
      method: "POST",
      headers: { ...bearer("token-of-ann"), ...json },
      body: "{}",
    });
    assert.deepEqual(
      [made.status, await made.text(), made.headers.get("content-type")],
      [201, '{ "n": 1 }', "application/json; charset=utf-8"],
    );
    assert.equal(made.headers.get("cantle-retried"), null);
    gateway.on(async () => ({ kind: "value", value: undefined }));
    const removed = await ask(`${gateway.url}/things/1`, { method: "DELETE", ...bearer("token-of-bob") });
    assert.deepEqual(
      [removed.status, removed.value, removed.headers.get("content-type"), removed.headers.get("content-length")],
      [204, undefined, null, null],
    );
    assert.equal((await ask(`${gateway.url}/things/1`)).headers.get("deprecation"), "@0");
  });

  test("are problem documents with a stable code for everything that fails", async () => {
    await using gateway = await start({ limits: { inFlightMax: 1 } });
    const failing = async (error: CantleError) => {
      gateway.on(() => Promise.reject(error));
      return ask(`${gateway.url}/things`);
    };
    const declared = await failing(
      new CantleError("DECLARED", "taken", { failure: "Taken", status: 409, data: { by: "ann" } }),
    );
    assert.deepEqual(declared.value, {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: "taken",
      code: "Taken",
      failure: "Taken",
      data: { by: "ann" },
    });
    assert.equal(declared.headers.get("content-type"), "application/problem+json");
    const full = await failing(new CantleError("OVERLOADED", "full", { retryAfterSeconds: 7, retried: true }));
    assert.deepEqual([full.status, full.headers.get("retry-after"), full.value.retried], [503, "7", undefined]);
    assert.deepEqual(
      (await failing(new CantleError("INPUT_INVALID", "no", { errors: { title: ["is empty"] } }))).value.errors,
      { title: ["is empty"] },
    );
    assert.equal((await failing(new CantleError("DEADLINE_EXCEEDED", "late"))).status, 504);
    assert.equal((await failing(new CantleError("UNAVAILABLE", "gone", { notes: "secret" }))).status, 503);
    gateway.on(() => Promise.reject(new TypeError("secret")));
    assert.doesNotMatch(JSON.stringify((await ask(`${gateway.url}/things`)).value), /secret/);
    for (const [path, asked, status, code] of [
      ["/things", { method: "PATCH" }, 405, "METHOD_NOT_ALLOWED"],
      [
        "/things",
        { method: "POST", ...bearer("token-of-ann"), "content-type": "text/plain", body: "x" },
        415,
        "MEDIA_TYPE_UNSUPPORTED",
      ],
      [
        "/things",
        { method: "POST", ...bearer("token-of-ann"), ...json, body: `"${"x".repeat(1 << 20)}"` },
        413,
        "BODY_TOO_LARGE",
      ],
      [
        "/photo",
        { method: "PUT", ...bearer("token-of-ann"), "content-type": "text/html", body: "x" },
        415,
        "MEDIA_TYPE_UNSUPPORTED",
      ],
    ] as const) {
      const answer = await ask(gateway.url + path, asked as Asked);
      assert.deepEqual(
        [answer.status, answer.code, answer.headers.get("content-type")],
        [status, code, "application/problem+json"],
      );
    }
  });

  test("shed what is over the limit, with Retry-After", async () => {
    await using gateway = await start({ limits: { inFlightMax: 2 } });
    const release = Promise.withResolvers<void>();
    const both = Promise.withResolvers<void>();
    gateway.on(async () => {
      if (gateway.calls.length === 2) both.resolve();
      await release.promise;
      return { kind: "value", value: 1 };
    });
    const first = [ask(`${gateway.url}/things`), ask(`${gateway.url}/things`)];
    await both.promise;
    const shed = await ask(`${gateway.url}/things`);
    assert.deepEqual([shed.status, shed.code, shed.headers.get("retry-after")], [503, "OVERLOADED", "1"]);
    release.resolve();
    assert.deepEqual(
      (await Promise.all(first)).map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await ask(`${gateway.url}/things`)).status, 200);
  });

  test("have the shape that the hook gives them", async () => {
    const told: unknown[] = [];
    await using gateway = await start({
      problem(problem, error, operation) {
        told.push([problem.code, error.code, operation?.name]);
        if (problem.status === 404) return undefined;
        return {
          status: problem.status === 401 ? 403 : 422,
          body: { errors: [problem.code] },
          headers: { "x-shaped": "yes" },
        };
      },
    });
    const shaped = await ask(`${gateway.url}/things`, bearer("forged"));
    assert.deepEqual(
      [shaped.status, shaped.value, shaped.headers.get("x-shaped")],
      [403, { errors: ["UNAUTHENTICATED"] }, "yes"],
    );
    assert.equal(shaped.headers.get("content-type"), "application/json; charset=utf-8");
    assert.equal((await ask(`${gateway.url}/nowhere`)).code, "ROUTE_UNKNOWN");
    assert.deepEqual(told, [
      ["UNAUTHENTICATED", "UNAUTHENTICATED", "list"],
      ["ROUTE_UNKNOWN", "ROUTE_UNKNOWN", undefined],
    ]);
  });

  test("flow as events and as bytes", async () => {
    await using gateway = await start();
    gateway.on(async () => ({ kind: "items", items: itemsThenError() }));
    const events = await fetch(`${gateway.url}/watch`);
    assert.equal(events.headers.get("content-type"), "text/event-stream");
    assert.match(
      await events.text(),
      /^data: {"n":1}\n\ndata: {"n":2}\n\nevent: error\ndata: {.*"code":"DEADLINE_EXCEEDED".*}\n\n$/,
    );
    gateway.on(
      async (): Promise<Reply> => ({
        kind: "download",
        download: { type: "text/html", size: 3, chunks: chunks("abc") },
      }),
    );
    const photo = await fetch(`${gateway.url}/photo`);
    assert.deepEqual(
      [await photo.text(), photo.headers.get("content-type"), photo.headers.get("content-length")],
      ["abc", "text/html", "3"],
    );
    assert.match(photo.headers.get("content-security-policy") ?? "", /sandbox/);
    gateway.on(async (): Promise<Reply> => ({ kind: "download", download: { type: "text/html", chunks: failing() } }));
    await assert.rejects(
      fetch(`${gateway.url}/photo`).then((answer) => answer.text()),
      "half a body looks like a whole one",
    );
  });

  test("documents are served as they are", async () => {
    let text = "{}";
    await using gateway = await start({ documents: { "/openapi.json": () => text } });
    text = '{"openapi":"3.1.0"}';
    const answer = await ask(`${gateway.url}/openapi.json`);
    assert.deepEqual(
      [answer.value, answer.headers.get("content-type")],
      [{ openapi: "3.1.0" }, "application/json; charset=utf-8"],
    );
    assert.equal((await ask(`${gateway.url}/openapi.json`, { method: "POST" })).status, 404);
  });
});

describe("pages of other origins", () => {
  test("may not call unless they are named", async () => {
    await using closed = await start();
    const origin = "https://app.example";
    const preflight = { method: "OPTIONS", origin, "access-control-request-method": "POST" };
    assert.equal((await ask(`${closed.url}/things`, preflight)).headers.get("access-control-allow-methods"), null);
    assert.equal((await ask(`${closed.url}/things`, { origin })).headers.get("access-control-allow-origin"), null);
    await using open = await start({ corsOrigins: [origin] });
    const granted = await ask(`${open.url}/things`, preflight);
    assert.deepEqual([granted.status, granted.headers.get("access-control-allow-origin")], [204, origin]);
    assert.match(granted.headers.get("access-control-allow-methods") ?? "", /POST/);
    for (const path of ["/things", "/nowhere"]) {
      const answer = await ask(open.url + path, { origin });
      assert.deepEqual(
        [answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")],
        [origin, "origin"],
      );
    }
    for (const other of ["https://app.example.evil", "http://app.example", "null", "https://APP.example"]) {
      assert.equal(
        (await ask(`${open.url}/things`, { ...preflight, origin: other })).headers.get("access-control-allow-origin"),
        null,
      );
    }
    assert.equal((await ask(`${open.url}/things/1/audit`, preflight)).status, 404);
  });
});

describe("a gateway that drains", () => {
  test("accepts nothing, finishes what is on its connections, and closes them", async () => {
    await using gateway = await start();
    const [entered, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gateway.on(async () => {
      entered.resolve();
      await release.promise;
      return { kind: "value", value: "done" };
    });
    const answer = raw(gateway.gateway.port, "GET /things HTTP/1.1\r\nHost: x\r\n\r\n");
    await entered.promise;
    let drained = false;
    const draining = gateway.gateway.drain().then(() => {
      drained = true;
    });
    await assert.rejects(fetch(`${gateway.url}/things`));
    assert.equal(drained, false);
    release.resolve();
    assert.match(await answer, /^HTTP\/1\.1 200 [\s\S]*^connection: close\r\n[\s\S]*"done"$/im);
    await draining;
    await Promise.all([gateway.gateway.stop(), gateway.gateway.stop(1_000)]);
  });

  test("cancels what does not end in time", async () => {
    await using gateway = await start();
    const [entered, cancelled] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
    gateway.on((call) => {
      call.onCancel(cancelled.resolve);
      entered.resolve();
      return new Promise<Reply>(() => {});
    });
    const answer = raw(gateway.gateway.port, "GET /things HTTP/1.1\r\nHost: x\r\n\r\n");
    await entered.promise;
    await gateway.gateway.stop(20);
    assert.ok(isCantleError(await cancelled.promise));
    assert.equal(await answer, "");
  });
});

async function* itemsThenError() {
  yield { n: 1 };
  yield { n: 2 };
  throw new CantleError("DEADLINE_EXCEEDED", "late");
}

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

async function* failing() {
  yield Buffer.from("half");
  throw new CantleError("INTERNAL", "broke");
}

/** Writes bytes, and answers with all that came until the connection was closed. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {}).on("close", () => resolve(answer));
    socket.write(text);
  });
}
