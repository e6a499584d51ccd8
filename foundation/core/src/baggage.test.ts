import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { baggageLimits, formatBaggage, isBaggageName, isCarried, parseBaggage } from "./baggage.ts";

test("names and values are read, with space around them, without their properties", () => {
  assert.deepEqual(parseBaggage("canary=yes , user=Am%C3%A9lie;secret;ttl=5,\ta = b=c"), {
    canary: "yes",
    user: "Amélie",
    a: "b=c",
  });
});

test("nothing is read where there is nothing", () => {
  for (const field of [undefined, "", ",", "=", "a", " ,;=,"]) assert.equal(parseBaggage(field), undefined);
});

test("what is malformed is left out, and the rest is kept", () => {
  const field = 'good=1,bad name=2,x="quoted",half=%E0%A4,=5,back\\slash=1,__proto__=mine,after=2';
  const read = parseBaggage(field);
  assert.deepEqual(Object.entries(read ?? {}), [
    ["good", "1"],
    ["__proto__", "mine"],
    ["after", "2"],
  ]);
  assert.equal(({} as Record<string, unknown>)["mine"], undefined);
});

test("no more is read than anybody has to carry, and no half of a member", () => {
  const many = Array.from({ length: 1_000 }, (_, at) => `n${at}=v`).join(",");
  assert.equal(Object.keys(parseBaggage(many) ?? {}).length, baggageLimits.membersMax);
  const long = `a=1,b=${"x".repeat(70_000)}`;
  assert.deepEqual(parseBaggage(long), { a: "1" });
  assert.equal(parseBaggage("x".repeat(70_000)), undefined);
});

test("no more is written either", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, "v"]));
  assert.equal(formatBaggage(many).split(",").length, baggageLimits.membersMax);
  assert.equal(formatBaggage({ a: "1", b: "x".repeat(9_000) }), "a=1");
  assert.equal(formatBaggage({ "not a name": "1" }), "");
  assert.deepEqual(
    [isCarried(many), isCarried({ b: "x".repeat(9_000) }), isCarried({ "a b": "1" })],
    [false, false, false],
  );
});

test("whatever can be carried is read as it was written", () => {
  const name = fc.string({ minLength: 1, maxLength: 20 }).filter(isBaggageName);
  const baggage = fc.dictionary(name, fc.string({ maxLength: 60, unit: "grapheme" }), { minKeys: 1, maxKeys: 20 });
  fc.assert(
    fc.property(baggage, (written) => {
      fc.pre(isCarried(written));
      const read = parseBaggage(formatBaggage(written));
      assert.deepEqual(Object.entries(read ?? {}), Object.entries(written));
    }),
  );
});

test("nothing that anybody writes throws", () => {
  fc.assert(fc.property(fc.string(), (field) => void parseBaggage(field)));
});
