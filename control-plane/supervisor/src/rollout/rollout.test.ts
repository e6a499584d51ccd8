import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError } from "@cantle/core";
import { blueGreen, canary, type RolloutPlan, type Strategy } from "./plan.ts";
import { beginRollout, rollout } from "./rollout.ts";
import type { Samples } from "./sample.ts";
import type { RolloutAction, RolloutEvent, RolloutStep } from "./step.ts";

const boundsMs = [10, 100];
const shares = [0.1, 0.5];

function plan(count: number, strategy: Strategy): RolloutPlan {
  const names = (release: string) => Array.from({ length: count }, (_, index) => `${release}${index + 1}`);
  return { old: names("old"), new: names("new"), strategy, readyTimeoutMs: 10_000 };
}

const switched = blueGreen(boundsMs, 5_000);
const rolling: Strategy = { kind: "rolling" };
const ready = (instance: string): RolloutEvent => ({ kind: "ready", instance });
const drained = (instance: string): RolloutEvent => ({ kind: "drained", instance });
const failed = (instance: string): RolloutEvent => ({ kind: "failed", instance });

/** Calls that both releases answered, and how many of the new one's failed. */
function tick(oldCalls: number, newCalls: number, newFailed = 0): RolloutEvent {
  const samples: Samples = {
    old: { calls: oldCalls, failed: 0, latency: [oldCalls, 0, 0] },
    new: { calls: newCalls, failed: newFailed, latency: [newCalls, 0, 0] },
  };
  return { kind: "tick", samples };
}

/** Tells a rollout what happens, at which time, and says what it did. */
function tell(begun: RolloutStep, ...events: readonly (RolloutEvent | readonly [number, RolloutEvent])[]) {
  let { state } = begun;
  const said = begun.actions.map(inWords);
  const reasons = begun.actions.map(({ reason }) => reason);
  let nowMs = 0;
  for (const told of events) {
    const [atMs, event] = "kind" in told ? [nowMs, told] : told;
    nowMs = atMs;
    const step = rollout(state, event, nowMs);
    state = step.state;
    said.push(...step.actions.map(inWords));
    reasons.push(...step.actions.map(({ reason }) => reason));
  }
  return { state, said, reasons };
}

function inWords(action: RolloutAction): string {
  switch (action.kind) {
    case "start":
    case "drain":
      return `${action.kind} ${action.instances.join(" ")}`;
    case "weights":
      return `share ${action.share}`;
    case "finish":
      return action.outcome;
    case "roll-back":
    case "tell":
      return action.kind;
  }
}

test("rolling starts one, waits for it, and drains one in its place", () => {
  const { said } = tell(
    beginRollout(plan(2, rolling), 0),
    ready("new1"),
    drained("old1"),
    ready("new2"),
    drained("old2"),
  );
  assert.deepEqual(said, ["start new1", "share 0.5", "drain old1", "start new2", "share 1", "drain old2", "released"]);
});

test("rolling back starts what was drained before it drains what is new", () => {
  const { said, reasons } = tell(
    beginRollout(plan(2, rolling), 0),
    ready("new1"),
    drained("old1"),
    failed("new2"),
    ready("old1"),
    drained("new1"),
    drained("new2"),
  );
  assert.deepEqual(said.slice(3), [
    "start new2",
    "roll-back",
    "start old1",
    "drain new2",
    "share 0",
    "drain new1",
    "rolled-back",
  ]);
  assert.equal(reasons[4], "new2 failed; 1 of 2 new instances are ready (at 50 % of the calls)");
});

test("an old instance that was still draining starts again when it is gone", () => {
  const { said } = tell(
    beginRollout(plan(1, rolling), 0),
    ready("new1"),
    { kind: "abort" },
    drained("old1"),
    ready("old1"),
  );
  assert.deepEqual(said.slice(1), ["share 1", "drain old1", "roll-back", "start old1", "share 0", "drain new1"]);
});

test("on the way back the calls return as fast as the old instances do", () => {
  const { said } = tell(
    beginRollout(plan(4, rolling), 0),
    ...[ready("new1"), drained("old1"), ready("new2"), drained("old2"), { kind: "abort" } as const],
    ...[ready("old1"), ready("old2")],
  );
  assert.deepEqual(said.slice(-7), [
    "start new3",
    "roll-back",
    "start old1 old2",
    "drain new3",
    "share 0.25",
    "share 0",
    "drain new1 new2",
  ]);
});

test("a broken old release is replaced too, and no ready instance is given up for it", () => {
  const { said } = tell(beginRollout(plan(2, rolling), 0), failed("old2"), ready("new1"), drained("old2"));
  assert.deepEqual(said, ["start new1", "share 0.5", "drain old2", "start new2"]);
});

test("an instance that is not ready in time ends the rollout", () => {
  const begun = beginRollout(plan(2, rolling), 0);
  assert.deepEqual(tell(begun, [9_999, { kind: "tick" }]).said, ["start new1"]);
  const { said, reasons } = tell(begun, [10_000, { kind: "tick" }], drained("new1"));
  assert.deepEqual(said.slice(1), ["roll-back", "drain new1", "rolled-back"]);
  assert.match(reasons[1] as string, /^new1 not ready after 10000 ms \(limit 10000 ms\)/);
});

test("blue-green switches when all are ready, keeps the old ones, then drains them", () => {
  const both = [ready("new1"), ready("new2")] as const;
  const begun = beginRollout(plan(2, switched), 0);
  const { said } = tell(begun, ...both, [4_999, { kind: "tick" }]);
  assert.deepEqual(said, ["start new1 new2", "share 1"]);
  const ended = tell(begun, ...both, [5_000, { kind: "tick" }], drained("old1"), drained("old2"));
  assert.deepEqual(ended.said.slice(2), ["tell", "drain old1 old2", "released"]);
  assert.match(
    ended.reasons[2] as string,
    /^kept for 5000 ms without a verdict: 0 calls were measured, 25 are the fewest/,
  );
});

/** Switched, and warmed up: the old ones had answered 900 calls before, of which 100 since the rollout began. */
const switchedOver = [
  [100, tick(800, 0)],
  [400, tick(900, 0)],
  ready("new1"),
  ready("new2"),
  [900, tick(900, 3)],
] as const;

test("a release that is worse after the switch than the old one was before it is switched back by itself", () => {
  const begun = beginRollout(plan(2, switched), 0);
  const { said, reasons } = tell(begun, ...switchedOver, [1_000, tick(900, 20, 9)], [2_000, tick(900, 53, 10)]);
  assert.deepEqual(said, ["start new1 new2", "share 1", "roll-back", "share 0", "drain new1 new2"]);
  assert.match(
    reasons[2] as string,
    /^new failed 10 of 50 calls \(20 %\), old 0 of 100 .*, before the switch and after it/,
  );
});

test("one that is as good stands when its time is over, with the last verdict as the reason", () => {
  const begun = beginRollout(plan(2, switched), 0);
  const { said, reasons } = tell(begun, ...switchedOver, [2_000, tick(900, 53)], [6_000, tick(900, 60)]);
  assert.deepEqual(said.slice(2), ["tell", "drain old1 old2"]);
  assert.match(reasons[2] as string, /^kept for 5000 ms: new failed 0 of 57 calls/);
});

test("an old release that answered little lately is taken by what it answered before", () => {
  const often: RolloutEvent = {
    kind: "tick",
    samples: {
      old: { calls: 1_000, failed: 200, latency: [1_000, 0, 0] },
      new: { calls: 0, failed: 0, latency: [0, 0, 0] },
    },
  };
  const later = (calls: number, failed: number): RolloutEvent => ({
    kind: "tick",
    samples: { old: often.samples!.old, new: { calls, failed, latency: [calls, 0, 0] } },
  });
  const both = [[100, often], ready("new1"), ready("new2"), [900, often]] as const;
  const story = (failed: number) =>
    tell(beginRollout(plan(2, switched), 0), ...both, [2_000, later(50, failed)], [6_000, later(50, failed)]).said;
  assert.deepEqual(story(10).slice(2), ["tell", "drain old1 old2"]);
  assert.deepEqual(story(40).slice(2, 3), ["roll-back"]);
});

test("blue-green goes back at once while the old ones are kept", () => {
  for (const event of [{ kind: "abort" }, { kind: "timeout" }, failed("new2")] as const) {
    const { said } = tell(beginRollout(plan(2, switched), 0), ready("new1"), ready("new2"), event);
    assert.deepEqual(said.slice(2), ["roll-back", "share 0", "drain new1 new2"]);
  }
});

test("a promoted blue-green keeps nothing, whenever it was told", () => {
  const promote: RolloutEvent = { kind: "promote" };
  for (const events of [
    [promote, ready("new1"), ready("new2")],
    [ready("new1"), ready("new2"), promote],
  ]) {
    const { said } = tell(beginRollout(plan(2, switched), 0), ...events);
    assert.deepEqual(said, ["start new1 new2", "share 1", "drain old1 old2"]);
  }
});

const begunCanary = beginRollout(plan(4, canary(boundsMs, { shares, warmUpMs: 1_000, stepMs: 10_000 })), 0);
/** The first canary is ready, and has warmed up. */
const warm = [ready("new1"), [1_000, tick(10, 1)]] as const;

test("a canary takes a growing share with as many instances as carry it, then the rest follows", () => {
  const { said } = tell(
    begunCanary,
    ...warm,
    [2_000, tick(3_000, 301)],
    ready("new2"),
    [3_000, tick(3_000, 301)],
    [4_000, tick(3_400, 700)],
    drained("old1"),
    drained("old2"),
  );
  assert.deepEqual(said, [
    "start new1",
    "share 0.1",
    "tell",
    "start new2",
    "share 0.5",
    "tell",
    "drain old1 old2",
    "start new3",
  ]);
});

test("a canary that fails calls is taken off before anything else", () => {
  const { said, reasons } = tell(begunCanary, ...warm, [2_000, tick(900, 51, 10)], drained("new1"));
  assert.deepEqual(said.slice(2), ["roll-back", "share 0", "drain new1", "rolled-back"]);
  assert.match(reasons[2] as string, /^new failed 10 of 50 calls \(20 %\), old 0 of 890 \(0 %\), p [\d.e-]+ < 0\.003/);
});

test("what failed while the canary warmed up does not count", () => {
  const { said } = tell(
    begunCanary,
    ready("new1"),
    [500, tick(50, 5)],
    [1_000, tick(100, 60, 50)],
    [2_000, tick(900, 120, 50)],
  );
  assert.deepEqual(said, ["start new1", "share 0.1"]);
});

test("a step whose time is over is judged by the calls there are, when they are some", () => {
  assert.ok(tell(begunCanary, ...warm, [10_000, tick(500, 30)]).said.includes("start new2"));
  assert.ok(!tell(begunCanary, ...warm, [10_000, tick(500, 20)]).said.includes("start new2"));
});

test("a step is not passed early by a release that has nothing to be compared with", () => {
  assert.ok(!tell(begunCanary, ...warm, [2_000, tick(60, 400)]).said.includes("start new2"));
});

test("looks come at doubling numbers of calls", () => {
  const looksAt = [20, 30, 50, 61, 100, 123].map((newCalls) => {
    const { stage } = tell(begunCanary, ...warm, [2_000, tick(900, 31)], [3_000, tick(950, newCalls + 1)]).state;
    return stage.kind === "weighing" ? stage.looks : undefined;
  });
  // The first look was at 30 calls, so the second is at 60; fewer than 30 were counted anew.
  assert.deepEqual(looksAt, [1, 1, 1, 2, 2, 2]);
});

test("without calls it waits and says so once, or does what it was told to", () => {
  const silent = (whenSilent: "wait" | "promote" | "roll-back") =>
    tell(
      beginRollout(plan(4, canary(boundsMs, { shares, whenSilent, stepMs: 10_000 })), 0),
      ready("new1"),
      [29_999, { kind: "tick" }],
      [30_000, { kind: "tick" }],
      [31_000, tick(0, 0)],
      [99_000, tick(0, 0)],
    );
  assert.deepEqual(silent("wait").said, ["start new1", "share 0.1", "tell"]);
  assert.match(silent("wait").reasons[2] as string, /^fewer than 25 calls .* in 30000 ms at 10 %/);
  assert.deepEqual(silent("promote").said.slice(2, 4), ["tell", "start new2"]);
  assert.deepEqual(silent("roll-back").said.slice(2), ["roll-back", "share 0", "drain new1"]);
});

test("counts that cannot be true decide nothing", () => {
  const nan = { calls: Number.NaN, failed: Number.NaN, latency: [Number.NaN, 0, 0] };
  const lie: RolloutEvent = { kind: "tick", samples: { old: nan, new: nan } };
  assert.deepEqual(tell(begunCanary, ...warm, [2_000, lie], [2_001, tick(900, 51, 60)]).said.length, 2);
});

test("counts that begin anew are measured anew", () => {
  const { said } = tell(begunCanary, ...warm, [2_000, tick(900, 0)], [3_000, tick(1_800, 50, 10)]);
  assert.deepEqual(said.slice(2, 3), ["roll-back"]);
});

test("a promoted canary is judged no more, an aborted one is gone", () => {
  const promoted = tell(begunCanary, ...warm, { kind: "promote" }, [2_000, tick(900, 500, 400)]);
  assert.deepEqual(
    promoted.said.slice(2),
    ["share 0.25", "drain old1", "start new2"].filter((_, at) => at !== 2),
  );
  const early = tell(begunCanary, { kind: "promote" }, ready("new1"));
  assert.deepEqual(early.said, ["start new1", "share 0.25", "drain old1"]);
  assert.deepEqual(tell(begunCanary, { kind: "abort" }, drained("new1")).said.slice(1), [
    "roll-back",
    "drain new1",
    "rolled-back",
  ]);
});

test("on the way back a promote is answered with a word", () => {
  const { said, reasons } = tell(begunCanary, ...warm, { kind: "abort" }, { kind: "promote" }, { kind: "abort" });
  assert.deepEqual(said.slice(2), ["roll-back", "share 0", "drain new1", "tell"]);
  assert.match(reasons.at(-1) as string, /^not promoted: .* as aborted \(at 10 % of the calls\)$/);
});

test("a plan that cannot be carried out is refused, with its place", () => {
  const good = plan(2, rolling);
  const table: readonly [RolloutPlan, string][] = [
    [{ ...good, old: [], new: [] }, "rollout.old"],
    [{ ...good, new: ["new1"] }, "rollout.new"],
    [{ ...good, new: ["new1", "old1"] }, "rollout.new"],
    [{ ...good, readyTimeoutMs: Number.NaN }, "rollout.readyTimeoutMs"],
    [plan(2, { ...switched, keepMs: -1 }), "rollout.strategy.keepMs"],
    [plan(2, canary(boundsMs, { shares: [0.5, 0.2] })), "rollout.strategy.shares"],
    [plan(2, canary(boundsMs, { shares: [0.5, 1] })), "rollout.strategy.shares"],
    [plan(2, canary(boundsMs, { instancesMin: 3 })), "rollout.strategy.instancesMin"],
    [plan(2, canary([])), "rollout.strategy.boundsMs"],
  ];
  for (const [bad, place] of table)
    assert.throws(
      () => beginRollout(bad, 0),
      (error) => isCantleError(error) && error.code === "SYSTEM_INVALID" && error.place === place,
    );
});
