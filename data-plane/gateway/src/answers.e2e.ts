/** What a request becomes, and what becomes of it. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { type Call, CantleError, isCantleError, type Reply, systemClock, virtualClock } from "@cantle/core";
import { type Asked, ask, bearer, json, raw, start } from "./fixture.ts";

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

  test("are cut where a download gives more or less than it said, and never spill into the next", async () => {
    await using gateway = await start();
    for (const text of ["ab", "abcd"]) {
      gateway.on(
        async (): Promise<Reply> => ({ kind: "download", download: { type: "te\nxt", size: 3, chunks: chunks(text) } }),
      );
      const answer = await raw(gateway.gateway.port, "GET /photo HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.ok(!answer.includes("abcd"), answer);
      await assert.rejects(
        fetch(`${gateway.url}/photo`).then((photo) => photo.text()),
        text,
      );
    }
  });

  test("are for the hosts that are named, and for no other", async () => {
    await using gateway = await start({ hosts: ["api.example", "API.example:8080"] });
    const status = async (host: string) =>
      (await raw(gateway.gateway.port, `GET /things HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).slice(
        9,
        12,
      );
    for (const host of ["api.example", "Api.Example", "api.example:8080"])
      assert.equal(await status(host), "200", host);
    for (const host of ["localhost", "127.0.0.1", "evil.api.example", "api.example.evil", "api.example:81"])
      assert.equal(await status(host), "421", host);
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
