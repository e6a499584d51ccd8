import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Caller, Peer } from "@cantle/core";
import { rawToken, testIssuer } from "./fixture.ts";
import type { Jwks } from "./keyring.ts";

describe("the verifier", () => {
  it("reads a user token as its caller", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada", roles: ["editor"] });
    assert.deepEqual(await verifier().user(token), { id: "ada", roles: ["editor"], assertion: "" });
  });

  it("reads an assertion as the same caller, who carries it on", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada", roles: ["editor"] });
    const { token: assertion } = await issuer.exchange(token);
    assert.deepEqual(await verifier().caller(assertion), { id: "ada", roles: ["editor"], assertion });
  });

  it("reads a unit token as each service that the unit hosts, with what it declared", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["accounts", "posts"] });
    const { token } = await issuer.unit({ proof, instance: "web-1", uses: { accounts: [], posts: ["accounts"] } });
    const peer = await verifier().peer(token, "posts");
    assert.deepEqual([peer.service, peer.uses], ["posts", new Set(["accounts"])]);
    assert.deepEqual(
      (await verifier().peer(token, "host")).uses,
      new Set(["identity", "registry", "broker", "telemetry"]),
    );
  });

  it("lets a unit speak as nobody else", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
    const { token } = await issuer.unit({ proof, instance: "web-1", uses: { posts: [] } });
    const peer = async (service: string) => verifier().peer(token, service);
    for (const service of ["accounts", "gateway", "Posts", "posts ", "", "__proto__", "constructor", "*"])
      await assert.rejects(peer(service), {
        code: "PEER_REFUSED",
        message: "the unit's token does not speak for that service",
      });
  });

  it("takes a bootstrap token from the unit itself, for identity alone", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token } = await issuer.bootstrap({ unit: "web", services: ["posts"], platform: true });
    assert.deepEqual((await verifier().peer(token, "host")).uses, new Set(["identity"]));
    await assert.rejects(async () => verifier().peer(token, "posts"), { code: "PEER_REFUSED" });
  });

  it("refuses a peer without a token", async (test) => {
    const { verifier } = await testIssuer(test);
    for (const token of [undefined, ""])
      await assert.rejects(async () => verifier().peer(token, "posts"), { code: "PEER_REFUSED" });
  });

  it("says of an expired token that it has expired, and of any other only that it is not valid", async (test) => {
    const { issuer, verifier, clock } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada", ttl: "10s" });
    await clock.advance(10_000);
    await assert.rejects(async () => verifier().user(token), {
      code: "UNAUTHENTICATED",
      message: "the token has expired",
    });
    await assert.rejects(async () => verifier().user(`${token}x`), { message: "the token is not valid" });
  });

  it("takes no kind of token for another", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const user = (await issuer.mint({ subject: "ada" })).token;
    const caller = (await issuer.exchange(user)).token;
    const grant = (await issuer.bootstrap({ unit: "web", services: ["posts"] })).token;
    const unit = (await issuer.unit({ proof: grant, instance: "web-1", uses: { posts: [] } })).token;
    const tokens = { user, caller, grant, unit };
    const seen = verifier();
    for (const [kind, own] of Object.entries(tokens) as [keyof typeof tokens, string][]) {
      await seen[kind](own); // from here on it is in that kind's cache
      for (const other of Object.keys(tokens) as (keyof typeof tokens)[])
        if (other !== kind) await assert.rejects(async () => seen[other](own), `${kind} as ${other}`);
    }
  });

  it("takes no token of another system, whatever its keys are called", async (test) => {
    const blog = await testIssuer(test, { system: "blog" });
    const shop = await testIssuer(test, { system: "shop" });
    const claims = { iss: "blog", aud: "blog", sub: "ada", roles: [], iat: 1_700_000_000, exp: 1_700_000_900 };
    const posing = await rawToken(shop.key, { alg: "ES256", typ: "at+jwt", kid: blog.key.kid }, claims);
    const honest = (await shop.issuer.mint({ subject: "ada" })).token;
    for (const token of [posing, honest])
      await assert.rejects(async () => blog.verifier().user(token), { code: "UNAUTHENTICATED" });
  });
});

describe("the verifier's memory", () => {
  it("answers at once for a token that it has seen", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada" });
    const seen = verifier();
    const first = await seen.user(token);
    assert.equal(seen.user(token), first);
  });

  it("verifies one token once, however many ask at the same time", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada" });
    const seen = verifier();
    const callers = await Promise.all(Array.from({ length: 20 }, () => seen.user(token)));
    assert.equal(new Set(callers).size, 1);
  });

  it("never gives a token out at or after its end", async (test) => {
    const { issuer, verifier, clock } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada", ttl: "10s" });
    const seen = verifier();
    await seen.user(token);
    await clock.advance(9_999);
    assert.equal((seen.user(token) as Caller).id, "ada");
    await clock.advance(1);
    await assert.rejects(async () => seen.user(token), { message: "the token has expired" });
  });

  it("tells tokens apart that differ in one character only", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const { token } = await issuer.mint({ subject: "ada" });
    const seen = verifier();
    await seen.user(token);
    for (let at = 0; at < token.length; at += 7) {
      const other = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      await assert.rejects(async () => seen.user(other), { code: "UNAUTHENTICATED" });
    }
  });

  it("remembers only so many", async (test) => {
    const { issuer, verifier } = await testIssuer(test);
    const seen = verifier({ tokensMax: 2 });
    const tokens = await Promise.all(["a", "b", "c"].map(async (subject) => (await issuer.mint({ subject })).token));
    for (const token of tokens) await seen.user(token);
    const kept = tokens.map((token) => !(seen.user(token) instanceof Promise));
    assert.deepEqual(kept, [false, true, true]);
  });
});

describe("the verifier's keys", () => {
  it("are asked for once per cool-down, whatever ids tokens name", async (test) => {
    const { issuer, key, verifier, clock } = await testIssuer(test);
    let asked = 0;
    const seen = verifier({
      cooldownMs: 5_000,
      keys() {
        asked++;
        return issuer.jwks();
      },
    });
    const { token } = await issuer.mint({ subject: "ada" });
    await seen.user(token);
    await clock.advance(5_000);
    const unknown = (index: number) => rawToken(key, { alg: "ES256", typ: "at+jwt", kid: `unknown-${index}` }, {});
    const tokens = await Promise.all(Array.from({ length: 1000 }, (_, index) => unknown(index)));
    for (const batch of [tokens.slice(0, 500), tokens.slice(500)]) {
      const results = await Promise.allSettled(batch.map(async (each) => seen.user(each)));
      assert.ok(results.every((result) => result.status === "rejected" && result.reason.code === "UNAUTHENTICATED"));
    }
    assert.equal(asked, 2, "once at first, once for a thousand unknown ids");
    await clock.advance(5_000);
    await assert.rejects(async () => seen.user(tokens[0] as string));
    assert.equal(asked, 3);
  });

  it("are found when a new one signs", async (test) => {
    const { issuer, verifier, clock } = await testIssuer(test);
    const source = { answer: async (): Promise<Jwks> => ({ keys: [{ kty: "RSA", kid: "other" }] }) };
    const seen = verifier({ keys: () => source.answer() });
    const { token } = await issuer.mint({ subject: "ada" });
    await assert.rejects(async () => seen.user(token), { code: "UNAUTHENTICATED" });
    source.answer = () => issuer.jwks();
    await clock.advance(250);
    assert.equal((await seen.user(token)).id, "ada");
  });

  it("go on while the issuer is away, answers rubbish, or answers without keys", async (test) => {
    const { issuer, verifier, clock } = await testIssuer(test);
    const rubbish = [
      () => Promise.reject(new Error("gone")),
      async () => undefined,
      async () => "<html>",
      async () => ({ keys: "none" }),
      async () => ({ keys: [] }),
      async () => ({ keys: [null, 1, "x", {}, { kty: "oct", kid: "x", k: "c2VjcmV0" }] }),
    ];
    let answer: () => Promise<unknown> = () => issuer.jwks();
    const seen = verifier({ keys: () => answer() });
    await seen.user((await issuer.mint({ subject: "ada" })).token);
    for (const bad of rubbish) {
      answer = bad;
      await clock.advance(300_000);
      const { token } = await issuer.mint({ subject: "bob" });
      assert.equal((await seen.user(token)).id, "bob");
    }
  });

  it("are gone when the issuer withdraws them, and with them what was remembered", async (test) => {
    const { issuer, verifier, clock } = await testIssuer(test);
    const stranger = await testIssuer(test);
    let answer = () => issuer.jwks();
    const seen = verifier({ keys: () => answer(), refreshMs: 60_000 });
    const { token } = await issuer.mint({ subject: "ada" });
    await seen.user(token);
    answer = () => stranger.issuer.jwks();
    await clock.advance(60_000);
    let answered = seen.user(token);
    assert.ok(!(answered instanceof Promise), "it is still known, and its use starts the renewal");
    while (!(answered instanceof Promise)) {
      await new Promise(setImmediate);
      answered = seen.user(token);
    }
    await assert.rejects(answered, { code: "UNAUTHENTICATED" });
  });

  it("count only as ES256 keys that say so, without a private half", async (test) => {
    const { issuer, key, verifier } = await testIssuer(test);
    const good = key.publicJwk;
    const bad = [
      { ...good, alg: undefined },
      { ...good, alg: "ES384" },
      { ...good, use: "enc" },
      { ...good, d: "AAAA" },
      { ...good, crv: "P-384" },
      { ...good, kty: "RSA" },
      { ...good, y: undefined },
      { ...good, x: "AAAA" },
    ];
    const { token } = await issuer.mint({ subject: "ada" });
    for (const each of bad)
      await assert.rejects(async () => verifier({ keys: async () => ({ keys: [each] }) }).user(token), {
        code: "UNAUTHENTICATED",
      });
    assert.equal((await verifier({ keys: async () => ({ keys: [good] }) }).user(token)).id, "ada");
  });

  it("let a peer through that spoke before, while the issuer is away", async (test) => {
    const { issuer, verifier, clock } = await testIssuer(test);
    let away = false;
    const seen = verifier({ keys: () => (away ? Promise.reject(new Error("gone")) : issuer.jwks()) });
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
    const { token } = await issuer.unit({ proof, instance: "web-1", uses: { posts: [] } });
    await seen.peer(token, "posts");
    away = true;
    await clock.advance(600_000);
    assert.equal((seen.peer(token, "posts") as Peer).service, "posts");
  });
});
