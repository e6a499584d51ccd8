import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { createLookup, createMemory, type FindAddresses } from "./lookup.ts";

const v4 = (address: string) => ({ address, family: 4 });
const host = "ledger.internal";

/** A memory over a DNS that answers as it is told. */
function memory(first: FindAddresses = async () => [v4("10.0.0.1")]) {
  const clock = virtualClock();
  const state = { answer: first, asked: 0 };
  const find: FindAddresses = (name) => {
    state.asked++;
    return state.answer(name);
  };
  const addressesOf = createMemory({ clock, find });
  const ask = async () => (await addressesOf(host)).map(({ address }) => address).join(" ");
  /** Asks, and lets so much time pass meanwhile. */
  const askFor = async (ms: number) => {
    const answer = ask();
    await clock.advance(ms);
    return answer;
  };
  return { clock, state, find, ask, askFor };
}

const faults: Record<string, FindAddresses> = {
  "an error (SERVFAIL)": () => Promise.reject(Object.assign(new Error("SERVFAIL"), { code: "ESERVFAIL" })),
  nothing: async () => [],
  "no such name": () => Promise.reject(Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" })),
};
for (const [what, answer] of Object.entries(faults)) {
  test(`the last good addresses stand in while the answer is: ${what}`, async () => {
    const { clock, state, ask, askFor } = memory();
    assert.equal(await ask(), "10.0.0.1");
    state.answer = answer;
    await clock.advance(3_600_000);
    assert.equal(await askFor(0), "10.0.0.1");
    await clock.advance(86_400_000);
    assert.equal(await askFor(0), "10.0.0.1");
    state.answer = async () => [v4("10.0.0.2")];
    assert.equal(await askFor(0), "10.0.0.2", "and a good answer counts at once");
  });

  test(`a name that was never found fails, and is asked anew the next time: ${what}`, async () => {
    const { state, ask } = memory(answer);
    await assert.rejects(ask());
    state.answer = async () => [v4("10.0.0.1")];
    assert.equal(await ask(), "10.0.0.1");
  });
}

test("an answer that is slow is waited for a second, then it is as it was, and the late one counts next time", async () => {
  const { clock, state, ask } = memory();
  await ask();
  await clock.advance(5_000);
  const late = Promise.withResolvers<{ address: string; family: number }[]>();
  state.answer = () => late.promise;
  let answered = "";
  void ask().then((text) => {
    answered = text;
  });
  await clock.advance(999);
  assert.equal(answered, "");
  await clock.advance(1);
  assert.equal(answered, "10.0.0.1");
  await clock.advance(9_000);
  late.resolve([v4("10.0.0.9")]);
  await clock.advance(0);
  assert.equal(await ask(), "10.0.0.9");
});

test("however many ask, one question is under way, and what is fresh is not asked at all", async () => {
  const { clock, state, ask, askFor } = memory();
  await Promise.all(Array.from({ length: 100 }, ask));
  assert.equal(state.asked, 1);
  await ask();
  assert.equal(state.asked, 1);
  await clock.advance(1_000);
  state.answer = () => new Promise(() => {});
  await Promise.all(Array.from({ length: 100 }, () => askFor(1_000)));
  assert.equal(state.asked, 2);
});

test("an address is its own, and nobody is asked", async () => {
  const { state, find } = memory();
  const addressesOf = createMemory({ clock: virtualClock(), find });
  assert.deepEqual(await addressesOf("127.0.0.1"), [v4("127.0.0.1")]);
  assert.deepEqual(await addressesOf("::1"), [{ address: "::1", family: 6 }]);
  assert.equal(state.asked, 0);
});

test("a socket is answered as it asks: all of them, the first, or those of one family", async () => {
  const addresses = [{ address: "::1", family: 6 }, v4("127.0.0.1")];
  const lookup = createLookup({ clock: virtualClock(), find: async () => addresses });
  const ask = (options: object) =>
    new Promise((resolve) =>
      lookup(host, options, (error, address, family) => resolve([error?.code, address, family])),
    );
  assert.deepEqual(await ask({ all: true }), [undefined, addresses, undefined]);
  assert.deepEqual(await ask({}), [undefined, "::1", 6]);
  assert.deepEqual(await ask({ family: 4 }), [undefined, "127.0.0.1", 4]);
  const none = createLookup({ clock: virtualClock(), find: async () => [v4("127.0.0.1")] });
  const refused = await new Promise((resolve) => none(host, { family: 6 }, (error) => resolve(error?.code)));
  assert.equal(refused, "ENOTFOUND");
});
