/** What can be reached, and by whom. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CantleError, isCantleError, type Operation } from "@cantle/core";
import { ask, bearer, json, raw, start, things } from "./fixture.ts";
import { staticTokens } from "./tokens.ts";

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
    await using nobody = await start({ tokens: staticTokens({}) });
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

describe("what travels with a call", () => {
  const baggage = "canary=yes,role=admin";

  test("is not taken from outside unless the system names it", async () => {
    await using closed = await start();
    await ask(`${closed.url}/things`, { baggage });
    assert.equal(closed.calls[0]?.baggage, undefined);
    await using open = await start({ baggage: ["canary", "tenant"] });
    await ask(`${open.url}/things`, { baggage });
    await ask(`${open.url}/things`, { baggage: "role=admin" });
    await ask(`${open.url}/things`, { baggage: `${"x".repeat(9_000)}` });
    assert.deepEqual(
      open.calls.map((call) => call.baggage),
      [{ canary: "yes" }, undefined, undefined],
    );
  });

  test("has names that can be said", async () => {
    await assert.rejects(
      start({ baggage: ["a b"] }),
      (error) => isCantleError(error) && error.code === "SYSTEM_INVALID",
    );
  });
});

test("a reply that stands in for one that did not come says so to whoever asked", async () => {
  await using gateway = await start();
  gateway.on(async () => ({ kind: "value", value: [], fallback: "last", retried: true }));
  const { headers } = await ask(`${gateway.url}/things`);
  assert.equal(headers.get("cantle-fallback"), "last");
  assert.equal(headers.get("cantle-retried"), null, "what happens inside is nobody's business outside");
});
