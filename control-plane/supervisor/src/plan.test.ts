import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSpecs, digestOf, instancesMax, sameProcess, stopOrder } from "./plan.ts";
import type { ProcessSpec } from "./spec.ts";

function specOf(unit: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    unit,
    instance: `${unit}-1`,
    command: "node",
    args: [],
    env: {},
    cwd: "/",
    readyTimeoutMs: 1,
    drainTimeoutMs: 1,
    ...more,
  };
}

test("the gateway's tier stops first, what others depend on last, all others at once between", () => {
  const needs = { dependsOnReady: ["control"] };
  const specs = [specOf("control"), specOf("a", needs), specOf("gateway", { tier: 2, ...needs }), specOf("b", needs)];
  assert.deepEqual(stopOrder(specs), [["gateway-1"], ["a-1", "b-1"], ["control-1"]]);
});

test("a unit stops before what it depends on, whatever the tiers say", () => {
  const specs = [
    specOf("a", { tier: 9 }),
    specOf("b", { dependsOnReady: ["a"] }),
    specOf("c", { dependsOnReady: ["b"] }),
  ];
  assert.deepEqual(stopOrder(specs), [["c-1"], ["b-1"], ["a-1"]]);
});

const refused: readonly [string, readonly ProcessSpec[], RegExp][] = [
  ["two instances of one name", [specOf("a"), specOf("b", { instance: "a-1" })], /two instances are named 'a-1'/],
  [
    "a name that leaves the folder of the logs",
    [specOf("a", { instance: "../a" })],
    /'\.\.\/a' cannot name an instance/,
  ],
  [
    "a unit that waits for nobody's",
    [specOf("a", { dependsOnReady: ["b"] })],
    /'a-1' waits for 'b', which is not a unit/,
  ],
  [
    "units that wait for each other",
    [specOf("a", { dependsOnReady: ["b"] }), specOf("b", { dependsOnReady: ["a"] })],
    /units wait for each other: a → b → a/,
  ],
  [
    "more instances than the limit",
    Array.from({ length: instancesMax + 1 }, (_, index) => specOf(`u${index}`)),
    /are more than 512/,
  ],
];

for (const [what, specs, message] of refused) {
  test(`${what}: refused`, () => {
    assert.throws(() => checkSpecs(specs), { code: "SYSTEM_INVALID", message });
  });
}

test("a process serves a spec that only differs in its handover function", () => {
  assert.equal(sameProcess(specOf("a", { handover: () => 1 }), specOf("a", { handover: () => 2 })), true);
  assert.equal(sameProcess(specOf("a"), specOf("a", { revision: "2" })), false);
  assert.equal(sameProcess(specOf("a"), specOf("a", { env: { LEVEL: "debug" } })), false);
});

test("a digest is the same for specs that one process serves alike, and for no others", () => {
  const digest = digestOf(specOf("a", { env: { A: "1", B: "2" }, handover: () => 1 }));
  assert.equal(digestOf(specOf("a", { env: { B: "2", A: "1" } })), digest);
  const others = [{ revision: "2" }, { env: { A: "1" } }, { args: ["1"] }, { args: ["2"] }, { instance: "a-2" }];
  const digests = others.map((more) => digestOf(specOf("a", { env: { A: "1", B: "2" }, ...more })));
  assert.equal(new Set([digest, ...digests]).size, others.length + 1);
  assert.doesNotMatch(digestOf(specOf("a", { env: { KEY: "s3cr3t" } })), /s3cr3t/);
});
