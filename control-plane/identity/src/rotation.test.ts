import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkPolicy, type KeyFacts, rotate, type Stage } from "./rotation.ts";

const policy = { rotateMs: 100, leadMs: 10, keepMs: 30 };
const a = { kid: "a", createdMs: 0 };
const b = { kid: "b", createdMs: 90 };

describe("rotation", () => {
  const table: readonly [title: string, keys: KeyFacts[], nowMs: number, expected: string][] = [
    ["makes the first key", [], 0, " | create"],
    ["lets the first key sign at once", [a], 0, "a signing | "],
    ["does nothing while the key is young", [a], 89, "a signing | "],
    ["makes the next key before its turn", [a], 90, "a signing | create"],
    ["publishes the next key, which does not sign yet", [a, b], 99, "a signing, b next | "],
    ["hands over when everybody had time to see the key", [a, b], 100, "a old, b signing | "],
    ["keeps the old key while what it signed is alive", [a, b], 129, "a old, b signing | "],
    ["lets the old key go when all it signed has expired", [a, b], 130, "a gone, b signing | remove a"],
    ["does both at once after a long sleep", [a, b], 500, "a gone, b signing | remove a, create"],
    [
      "takes the lesser id of two made in one moment, at first",
      [b, { kid: "a", createdMs: 90 }],
      90,
      "a signing, b next | ",
    ],
    ["hands over between two made in one moment", [b, { kid: "a", createdMs: 90 }], 100, "a old, b signing | "],
    [
      "lets keys of the future wait when the wall jumped back",
      [a, { kid: "b", createdMs: 9_000 }],
      50,
      "a signing, b next | ",
    ],
    ["signs with a key of the future when there is no other", [{ kid: "b", createdMs: 9_000 }], 50, "b signing | "],
  ];
  for (const [title, keys, nowMs, expected] of table) {
    it(title, () => {
      const { stages, actions } = rotate(keys, nowMs, policy);
      const shownStages = [...stages].map(([kid, stage]) => `${kid} ${stage.kind}`).join(", ");
      const shownActions = actions
        .map((action) => (action.kind === "create" ? "create" : `remove ${action.kid}`))
        .join(", ");
      assert.equal(`${shownStages} | ${shownActions}`, expected);
    });
  }

  it("keeps R1 to R3 over any life, with sleeps of any length", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 80 }), liveThrough));
  });

  it("refuses a policy under which a key would never be announced before it signs", () => {
    for (const wrong of [
      { ...policy, rotateMs: 20 },
      { ...policy, leadMs: 0 },
      { ...policy, keepMs: Number.NaN },
    ])
      assert.throws(() => checkPolicy(wrong), { code: "CONFIG_INVALID" });
    assert.doesNotThrow(() => checkPolicy(policy));
  });
});

/** Plays a ring through time; at each step one key signs, and the last signature of each key is remembered. */
function liveThrough(steps: readonly number[]): void {
  const keys = new Map<string, KeyFacts>();
  const signedMs = new Map<string, number>();
  let now = 0;
  for (const step of [0, ...steps]) {
    now += step;
    for (const action of rotate(keys.values(), now, policy).actions) {
      if (action.kind === "remove") keys.delete(action.kid);
      else keys.set(`k${now}`, { kid: `k${now}`, createdMs: now });
    }
    const { stages, signer, actions } = rotate(keys.values(), now, policy);
    assert.deepEqual(actions, [], "one round does it all");
    assert.equal([...stages.values()].filter((stage) => stage.kind === "signing").length, 1, "R1");
    const key = keys.get(signer as string) as KeyFacts;
    if (keys.size > 1 && signedMs.size > 0 && !signedMs.has(key.kid))
      assert.ok(key.createdMs + policy.leadMs <= now, "R2");
    signedMs.set(key.kid, now);
    for (const [kid, lastMs] of signedMs) assert.ok(keys.has(kid) || lastMs + policy.keepMs <= now, "R3");
    for (const stage of stages.values()) assertSane(stage, now);
  }
}

function assertSane(stage: Stage, now: number): void {
  if (stage.kind === "old") assert.ok(stage.goneAtMs > now);
  if (stage.kind === "next") assert.ok(stage.signsFromMs > now);
}
