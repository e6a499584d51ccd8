import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { failOf } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { createCallerSource } from "./caller-source.ts";
import { identity } from "./contract.ts";
import { testIssuer } from "./fixture.ts";

async function gateway(test: TestContext) {
  const made = await testIssuer(test);
  const state = { away: false, asked: 0 };
  const source = createCallerSource({
    clock: made.clock,
    verifier: made.verifier(),
    client: {
      async exchange({ token }) {
        state.asked++;
        if (state.away) throw new CantleError("UNREACHABLE", "the issuer is away");
        return made.issuer.exchange(token);
      },
    },
  });
  return { ...made, source, state };
}

describe("the caller source", () => {
  it("turns a user's token into a caller whose assertion services accept", async (test) => {
    const { issuer, source, verifier } = await gateway(test);
    const caller = await source((await issuer.mint({ subject: "ada", roles: ["editor"] })).token);
    assert.deepEqual(await verifier().caller(caller.assertion), caller);
  });

  it("asks once for a token, and answers at once from then on", async (test) => {
    const { issuer, source, state } = await gateway(test);
    const { token } = await issuer.mint({ subject: "ada" });
    const callers = await Promise.all(Array.from({ length: 50 }, () => source(token)));
    assert.equal(source(token), callers[0]);
    assert.equal(state.asked, 1);
  });

  it("asks again a minute before the assertion runs out", async (test) => {
    const { issuer, source, state, clock } = await gateway(test);
    const { token } = await issuer.mint({ subject: "ada" });
    const first = await source(token);
    await clock.advance(239_999);
    assert.equal(await source(token), first);
    await clock.advance(1);
    assert.notEqual((await source(token)).assertion, first.assertion);
    assert.equal(state.asked, 2);
  });

  it("uses an assertion to its end while the issuer is away, and no longer", async (test) => {
    const { issuer, source, state, clock } = await gateway(test);
    const { token } = await issuer.mint({ subject: "ada" });
    const first = await source(token);
    state.away = true;
    await clock.advance(299_999);
    assert.equal(await source(token), first);
    await clock.advance(1);
    await assert.rejects(async () => source(token), { code: "UNREACHABLE" });
  });

  it("takes the issuer's word for it that a token is not good any more", async (test) => {
    const { clock, issuer, verifier } = await gateway(test);
    const fail = failOf(identity.operations.exchange);
    const source = createCallerSource({
      clock,
      verifier: verifier(),
      client: { exchange: () => Promise.reject(fail("TokenRefused")) },
    });
    const { token } = await issuer.mint({ subject: "ada" });
    await assert.rejects(async () => source(token), { code: "UNAUTHENTICATED" });
  });

  it("never answers for a user whose token has expired, or is no token", async (test) => {
    const { issuer, source, state, clock } = await gateway(test);
    const { token } = await issuer.mint({ subject: "ada", ttl: "10s" });
    await source(token);
    await clock.advance(10_000);
    await assert.rejects(async () => source(token), { code: "UNAUTHENTICATED" });
    await assert.rejects(async () => source("x.y.z"), { code: "UNAUTHENTICATED" });
    assert.equal(state.asked, 1);
  });
});
