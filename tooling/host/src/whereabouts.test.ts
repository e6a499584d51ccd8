import assert from "node:assert/strict";
import { test } from "node:test";
import { readWhereabouts } from "./whereabouts.ts";

test("an environment without them says nothing", () => {
  assert.deepEqual(readWhereabouts({}), {});
  assert.deepEqual(readWhereabouts({ CANTLE_ZONE: "", CANTLE_LABELS: "" }), {});
});

test("a zone and labels are read", () => {
  const found = readWhereabouts({ CANTLE_ZONE: "eu-west-1a", CANTLE_LABELS: "release=2, track=canary" });
  assert.deepEqual(found, { zone: "eu-west-1a", labels: { release: "2", track: "canary" } });
});

for (const [variable, text] of [
  ["CANTLE_ZONE", "eu west"],
  ["CANTLE_ZONE", "x".repeat(129)],
  ["CANTLE_LABELS", "release"],
  ["CANTLE_LABELS", "release=2,"],
  ["CANTLE_LABELS", "__proto__=1"],
  ["CANTLE_LABELS", "release=a b"],
  ["CANTLE_LABELS", Array.from({ length: 33 }, (_, at) => `n${at}=1`).join(",")],
] as const)
  test(`what cannot be announced is refused: ${variable}=${text.slice(0, 20)}`, () =>
    assert.throws(() => readWhereabouts({ [variable]: text }), { code: "CONFIG_INVALID", place: variable }));
