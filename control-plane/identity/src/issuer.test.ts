import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { testIssuer } from "./fixture.ts";
import { createIssuer } from "./issuer.ts";
import { lifetimesDefault } from "./lifetimes.ts";

describe("the issuer", () => {
  it("signs user tokens for an hour, or for as long as the login says", async (test) => {
    const { issuer, clock } = await testIssuer(test);
    assert.equal((await issuer.mint({ subject: "ada" })).expiresMs, clock.wallMs() + 3_600_000);
    assert.equal((await issuer.mint({ subject: "ada", ttl: "24h" })).expiresMs, clock.wallMs() + 86_400_000);
  });

  it("refuses user tokens that would outlive their key, or never live", async (test) => {
    const { issuer } = await testIssuer(test);
    for (const ttl of ["25h", "30d", "0s", "999ms"] as const)
      await assert.rejects(async () => issuer.mint({ subject: "ada", ttl }), { code: "INPUT_INVALID" }, ttl);
  });

  it("gives every token an id of its own", async (test) => {
    const { issuer } = await testIssuer(test);
    const ids = await Promise.all(
      [1, 2, 3].map(async () => decodeJwt((await issuer.mint({ subject: "ada" })).token).jti),
    );
    assert.equal(new Set(ids).size, 3);
  });

  it("signs assertions for five minutes, and never beyond the user's token", async (test) => {
    const { issuer, clock } = await testIssuer(test);
    const long = await issuer.mint({ subject: "ada", ttl: "1h" });
    const short = await issuer.mint({ subject: "ada", ttl: "90s" });
    assert.equal((await issuer.exchange(long.token)).expiresMs, clock.wallMs() + 300_000);
    assert.equal((await issuer.exchange(short.token)).expiresMs, short.expiresMs);
  });

  it("exchanges user tokens only: no assertion can be made longer by itself", async (test) => {
    const { issuer, clock } = await testIssuer(test);
    const user = await issuer.mint({ subject: "ada", ttl: "10s" });
    const { token: assertion } = await issuer.exchange(user.token);
    await assert.rejects(issuer.exchange(assertion), { code: "UNAUTHENTICATED" });
    await clock.advance(10_000);
    await assert.rejects(issuer.exchange(user.token), { code: "UNAUTHENTICATED" });
  });

  it("gives a unit what its bootstrap token grants, or part of it", async (test) => {
    const { issuer } = await testIssuer(test);
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["accounts", "posts"] });
    const { token } = await issuer.unit({ proof, instance: "web-1", uses: { posts: ["accounts"] } });
    const unit = await issuer.verifier.unit(token);
    assert.deepEqual(
      [unit.unit, unit.instance, [...unit.services]],
      ["web", "web-1", [["posts", new Set(["accounts"])]]],
    );
  });

  it("gives a unit nothing else", async (test) => {
    const { issuer } = await testIssuer(test);
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
    const asked: Record<string, "*" | string[]>[] = [
      { accounts: [] },
      { Posts: [] },
      { gateway: [] },
      { posts: "*" },
      { posts: [], host: [] },
    ];
    for (const uses of asked)
      await assert.rejects(
        issuer.unit({ proof, instance: "web-1", uses }),
        { code: "PEER_REFUSED" },
        JSON.stringify(uses),
      );
    for (const instance of ["", "../x", "-x", "a b", "x".repeat(129)])
      await assert.rejects(issuer.unit({ proof, instance, uses: { posts: [] } }), { code: "INPUT_INVALID" }, instance);
  });

  it("lets units of the platform call everything, when they ask for it", async (test) => {
    const { issuer } = await testIssuer(test);
    const { token: proof } = await issuer.bootstrap({ unit: "gateway", services: ["gateway"], platform: true });
    const { token } = await issuer.unit({ proof, instance: "gateway-1", uses: { gateway: "*" } });
    assert.equal((await issuer.verifier.peer(token, "gateway")).uses, "*");
  });

  it("renews a unit's token for the token it has, and never for more than that one says", async (test) => {
    const { issuer, clock } = await testIssuer(test);
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["accounts", "posts"] });
    const first = await issuer.unit({ proof, instance: "web-1", uses: { posts: [] } });
    await clock.advance(60_000);
    const next = await issuer.unit({ proof: first.token, instance: "web-1", uses: { posts: [] } });
    assert.ok(next.expiresMs > first.expiresMs);
    await assert.rejects(issuer.unit({ proof: first.token, instance: "web-1", uses: { accounts: [] } }), {
      code: "PEER_REFUSED",
    });
  });

  it("takes no token of a user as a unit's proof", async (test) => {
    const { issuer } = await testIssuer(test);
    const { token: user } = await issuer.mint({ subject: "web" });
    for (const proof of [user, (await issuer.exchange(user)).token, "", "x"])
      await assert.rejects(issuer.unit({ proof, instance: "web-1", uses: {} }), { code: "PEER_REFUSED" });
  });

  it("signs nothing longer than what verifiers read", async (test) => {
    const { issuer } = await testIssuer(test);
    const services = Array.from({ length: 100 }, (_, index) => `service-${index}-${"x".repeat(50)}`);
    await assert.rejects(issuer.bootstrap({ unit: "web", services }), { code: "INPUT_INVALID" });
  });

  it("takes no service that is called like the unit itself", async (test) => {
    const { issuer } = await testIssuer(test);
    await assert.rejects(issuer.bootstrap({ unit: "web", services: ["host"] }), { code: "PEER_REFUSED" });
  });

  it("refuses lifetimes that no key lives to verify", async (test) => {
    const { keyring, clock } = await testIssuer(test);
    const make = (lifetimes: object) => () =>
      createIssuer({
        system: "blog",
        keyring,
        clock,
        random: seededRandom(1),
        log: silentLogger,
        lifetimes: { ...lifetimesDefault, ...lifetimes },
      });
    assert.throws(make({ unitMs: 86_400_001 }), { code: "CONFIG_INVALID" });
    assert.throws(make({ callerMs: Number.NaN }), { code: "CONFIG_INVALID" });
    assert.doesNotThrow(make({ unitMs: 86_400_000 }));
  });

  it("lives through rotation: what an old key signed is good until it expires", async (test) => {
    const { issuer, keyring, clock, verifier } = await testIssuer(test);
    const seen = verifier();
    const signers = new Set<unknown>();
    let last = (await issuer.mint({ subject: "ada", ttl: "24h" })).token;
    for (let halfDay = 0; halfDay < 40; halfDay++) {
      await clock.advance(43_200_000);
      await keyring.refresh();
      assert.equal((await seen.user(last)).id, "ada", `half day ${halfDay}`);
      signers.add(decodeProtectedHeader(last).kid);
      last = (await issuer.mint({ subject: "ada", ttl: "24h" })).token;
    }
    assert.equal(signers.size, 3);
  });
});
