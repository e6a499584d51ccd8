import assert from "node:assert/strict";
import { test } from "node:test";
import { alive, type LivenessAction, liveness } from "./liveness.ts";

const rows: readonly (readonly [heard: string, actions: readonly LivenessAction[]])[] = [
  ["hhh", ["wait", "wait", "wait"]],
  ["-h-", ["ping", "wait", "ping"]],
  ["--h", ["ping", "ping", "wait"]],
  ["--h---", ["ping", "ping", "wait", "ping", "ping", "dead"]],
];
for (const [heard, actions] of rows) {
  test(`rounds of ${heard} with 2 pings allowed are ${actions.join(", ")}`, () => {
    let state = alive;
    const done = [...heard].map((round) => {
      const next = liveness(state, { heard: round === "h", pingsMissedMax: 2 });
      state = next.state;
      return next.action;
    });
    assert.deepEqual(done, actions);
  });
}
