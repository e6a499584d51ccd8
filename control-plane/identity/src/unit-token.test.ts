import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { CantleError, type Clock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { testIssuer } from "./fixture.ts";
import type { UnitRequest } from "./issuer.ts";
import { createUnitToken } from "./unit-token.ts";

const minuteMs = 60_000;

async function unit(test: TestContext) {
  const made = await testIssuer(test, { lifetimes: { unitMs: 4 * minuteMs, bootstrapMs: 60 * minuteMs } });
  const state = { away: false, asked: [] as string[], jumpMs: 0 };
  const { token: bootstrap } = await made.issuer.bootstrap({ unit: "web", services: ["posts"] });
  // Signing happens on other threads, where virtual time does not wait for it; so what the clock triggers is awaited here.
  let signing: Promise<unknown> = Promise.resolve();
  const clock: Clock = { ...made.clock, wallMs: () => made.clock.wallMs() + state.jumpMs };
  const token = createUnitToken({
    bootstrap,
    instance: "web-1",
    uses: { posts: [] },
    clock,
    log: silentLogger,
    client: {
      unit(request: UnitRequest) {
        state.asked.push(request.proof === bootstrap ? "bootstrap" : "unit");
        const answer = state.away
          ? Promise.reject(new CantleError("UNREACHABLE", "the issuer is away"))
          : made.issuer.unit(request);
        signing = answer.catch(() => {});
        return answer;
      },
    },
  });
  test.after(() => token.stop());
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= 5_000) {
      await made.clock.advance(Math.min(left, 5_000));
      await signing;
    }
  };
  return { ...made, token, bootstrap, state, advance };
}

describe("a unit's token", () => {
  it("is the bootstrap token before it has one", async (test) => {
    const { token, bootstrap, verifier } = await unit(test);
    assert.equal(token.current(), bootstrap);
    assert.throws(() => token.check(), { code: "UNAVAILABLE" });
    await token.start();
    assert.equal((await verifier().unit(token.current())).instance, "web-1");
    token.check();
  });

  it("is renewed after a quarter of its life, with itself as the proof", async (test) => {
    const { token, state, advance } = await unit(test);
    await token.start();
    const first = token.current();
    await advance(minuteMs - 5_000);
    assert.equal(token.current(), first);
    await advance(5_000);
    assert.notEqual(token.current(), first);
    assert.deepEqual(state.asked, ["bootstrap", "unit"]);
  });

  it("goes on for three quarters of its life without the issuer, and is renewed when it is back", async (test) => {
    const { token, state, advance, verifier } = await unit(test);
    await token.start();
    await advance(55_000);
    state.away = true;
    await advance(3 * minuteMs);
    token.check();
    state.away = false;
    await advance(3 * minuteMs);
    assert.equal((await verifier().unit(token.current())).unit, "web");
  });

  it("is got anew with the bootstrap token when it ran out all the same", async (test) => {
    const { token, state, advance } = await unit(test);
    await token.start();
    state.away = true;
    await advance(4 * minuteMs);
    assert.throws(() => token.check(), { code: "UNAVAILABLE" });
    state.away = false;
    await advance(5_000);
    token.check();
    assert.equal(state.asked.at(-1), "bootstrap");
  });

  it("is renewed within seconds when the wall jumps ahead", async (test) => {
    const { token, state, advance } = await unit(test);
    await token.start();
    const first = token.current();
    state.jumpMs = 2 * minuteMs;
    await advance(5_000);
    assert.notEqual(token.current(), first);
  });

  it("is not asked for any more after stop", async (test) => {
    const { token, state, advance } = await unit(test);
    await token.start();
    await token.stop();
    await advance(10 * minuteMs);
    assert.equal(state.asked.length, 1);
  });

  it("says at the start why there is none", async (test) => {
    const { token, state } = await unit(test);
    state.away = true;
    await assert.rejects(token.start(), { code: "UNREACHABLE" });
  });
});
