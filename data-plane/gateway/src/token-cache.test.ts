import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CantleError, isCantleError, virtualClock } from "@cantle/core";
import { cachedTokens, type VerifiedToken } from "./token-cache.ts";

const ann = { id: "ann", roles: [], assertion: "" };

function counting(answer: (token: string) => VerifiedToken | Promise<VerifiedToken>) {
  const proven: string[] = [];
  return {
    proven,
    prove(token: string) {
      proven.push(token);
      return answer(token);
    },
  };
}

describe("remembered tokens", () => {
  test("are proven once, and again when they expired or were remembered long enough", async () => {
    const clock = virtualClock();
    const endsAt = clock.wallMs() + 100_000;
    const { proven, prove } = counting(async () => ({ caller: ann, expiresMs: endsAt }));
    const tokens = cachedTokens({ clock, prove, rememberMsMax: 60_000 });
    assert.equal(await tokens.verify("a"), ann);
    assert.equal(tokens.verify("a"), ann);
    await clock.advance(59_999);
    await tokens.verify("a");
    assert.equal(proven.length, 1);
    await clock.advance(1);
    await tokens.verify("a");
    assert.equal(proven.length, 2);
    await clock.advance(40_000);
    await tokens.verify("a");
    assert.equal(proven.length, 3);
    assert.equal(tokens.size, 0);
  });

  test("do not live longer because the wall clock went back", async () => {
    const clock = virtualClock();
    let wallMs = 1_000_000;
    const { proven, prove } = counting(() => ({ caller: ann, expiresMs: 1_010_000 }));
    const tokens = cachedTokens({ clock: { ...clock, wallMs: () => wallMs }, prove });
    await tokens.verify("a");
    wallMs -= 3_600_000;
    await clock.advance(10_000);
    await tokens.verify("a");
    assert.equal(proven.length, 2);
  });

  test("are told apart by every character", () => {
    const { proven, prove } = counting((token) => ({
      caller: { ...ann, id: token },
      expiresMs: Number.MAX_SAFE_INTEGER,
    }));
    const tokens = cachedTokens({ clock: virtualClock(), prove });
    const long = "x".repeat(5_000);
    for (const token of [`${long}a`, `${long}b`, `a${long}`, "__proto__", "constructor", ""]) {
      assert.equal((tokens.verify(token) as typeof ann).id, token);
    }
    assert.equal(proven.length, 6);
  });

  test("are bounded, the oldest making room", async () => {
    const { proven, prove } = counting(() => ({ caller: ann, expiresMs: Number.MAX_SAFE_INTEGER }));
    const tokens = cachedTokens({ clock: virtualClock(), prove, tokensMax: 3 });
    for (const token of ["a", "b", "c", "d", "b", "c", "d", "a"]) await tokens.verify(token);
    assert.deepEqual(proven, ["a", "b", "c", "d", "a"]);
    assert.equal(tokens.size, 3);
  });

  test("bad ones are not remembered, and neither are those without a time", async () => {
    let bad = true;
    const { proven, prove } = counting(() => {
      if (bad) throw new CantleError("UNAUTHENTICATED", "not yet");
      return { caller: ann, expiresMs: Number.NaN };
    });
    const tokens = cachedTokens({ clock: virtualClock(), prove });
    assert.throws(() => tokens.verify("a"), isCantleError);
    bad = false;
    assert.equal(tokens.verify("a"), ann);
    await tokens.verify("a");
    assert.equal(proven.length, 3);
    assert.equal(tokens.size, 0);
  });
});
