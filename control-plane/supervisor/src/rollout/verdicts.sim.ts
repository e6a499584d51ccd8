/**
 * Whole rollouts in virtual time, thousands of them: how often is a good release rolled back, and how often is a
 * bad one let through? Reproducible from the seed in every title; CANTLE_SEED chooses another.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@cantle/core";
import { blueGreen, canary, type RolloutPlan, type Strategy } from "./plan.ts";
import { beginRollout, rollout } from "./rollout.ts";
import type { ReleaseSample } from "./sample.ts";
import type { RolloutAction, RolloutState } from "./step.ts";

const seed = Number(process.env["CANTLE_SEED"] ?? 1);
const runCount = 1_000;
const boundsMs = Array.from({ length: 24 }, (_, bucket) => 1.5 ** (bucket + 1));
const endMs = 600_000;

/** How a release answers. */
interface Manner {
  readonly failureShare: number;
  /** The median; latencies are log-normal around it. */
  readonly medianMs: number;
}

interface Traffic {
  readonly old: Manner;
  readonly new: Manner;
  readonly callsPerSecond: number;
  /** Default a canary. */
  readonly strategy?: Strategy;
}

/** What the old release has answered before a rollout that looks back. */
const callsBefore = 2_000;

const good: Manner = { failureShare: 0.001, medianMs: 20 };

/** One rollout of four instances under traffic, every instance ready and drained as soon as it is asked for. */
function run(traffic: Traffic, random: Random) {
  const names = (release: string) => [1, 2, 3, 4].map((index) => `${release}${index}`);
  const plan: RolloutPlan = {
    old: names("old"),
    new: names("new"),
    strategy: traffic.strategy ?? canary(boundsMs),
    readyTimeoutMs: 10_000,
  };
  const counts = { old: nothing(), new: nothing() };
  const looksBack = plan.strategy.kind === "blue-green";
  for (let call = 0; looksBack && call < callsBefore; call++) answer(counts.old, traffic.old, random);
  let state: RolloutState;
  const { state: begun, actions } = beginRollout(plan, 0);
  state = obey(begun, actions, 0);
  let nowMs = 0;
  for (; state.stage.kind !== "finished" && nowMs < endMs; nowMs += 1_000) {
    for (let call = 0; call < traffic.callsPerSecond; call++) {
      const release = random.next() < state.share ? "new" : "old";
      answer(counts[release], traffic[release], random);
    }
    const step = rollout(state, { kind: "tick", samples: structuredClone(counts) }, nowMs);
    state = obey(step.state, step.actions, nowMs);
  }
  return { stage: state.stage, tookMs: nowMs, newCalls: counts.new.calls };
}

function obey(state: RolloutState, actions: readonly RolloutAction[], nowMs: number): RolloutState {
  const told = [...actions];
  let now = state;
  for (let action = told.shift(); action !== undefined; action = told.shift()) {
    if (action.kind !== "start" && action.kind !== "drain") continue;
    const kind = action.kind === "start" ? "ready" : "drained";
    for (const instance of action.instances) {
      const step = rollout(now, { kind, instance }, nowMs);
      now = step.state;
      told.push(...step.actions);
    }
  }
  return now;
}

interface Counts {
  calls: number;
  failed: number;
  latency: number[];
}

function nothing(): Counts & ReleaseSample {
  return { calls: 0, failed: 0, latency: [...boundsMs, 0].map(() => 0) };
}

function answer(counts: Counts, manner: Manner, random: Random): void {
  const spread = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const tookMs = manner.medianMs * Math.exp(0.6 * spread);
  const bucket = boundsMs.findIndex((boundMs) => tookMs <= boundMs);
  counts.calls += 1;
  counts.latency[bucket < 0 ? boundsMs.length : bucket]! += 1;
  if (random.next() < manner.failureShare) counts.failed += 1;
}

/** How many of the runs ended how, and after how many calls of the new release the median one did. */
function runs(traffic: Traffic) {
  const random = seededRandom(seed);
  const ended = Array.from({ length: runCount }, () => run(traffic, random));
  const outcome = (kind: string) =>
    ended.filter(({ stage }) => stage.kind === "finished" && stage.outcome === kind).length;
  const byCalls = ended.map(({ newCalls }) => newCalls).sort((a, b) => a - b);
  const byMs = ended.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const median = { calls: byCalls[runCount / 2] as number, ms: byMs[runCount / 2] as number };
  return { released: outcome("released"), rolledBack: outcome("rolled-back"), median };
}

const title = (text: string) => `${text} (seed ${seed}, ${runCount} runs)`;

for (const failureShare of [0, 0.001, 0.02])
  test(title(`a new release as good as an old one that fails ${failureShare * 100} % is released`), (t) => {
    const manner = { ...good, failureShare };
    const { released, rolledBack, median } = runs({ old: manner, new: manner, callsPerSecond: 100 });
    t.diagnostic(`${rolledBack} rolled back for nothing, released after ${median.ms} ms`);
    assert.equal(released + rolledBack, runCount);
    assert.ok(rolledBack <= runCount / 50, `${rolledBack} rolled back for nothing`);
  });

for (const failureShare of [0, 0.001])
  test(title(`a release that fails 5 % instead of ${failureShare * 100} % is rolled back`), (t) => {
    const old = { ...good, failureShare };
    const { rolledBack, median } = runs({ old, new: { ...good, failureShare: 0.05 }, callsPerSecond: 100 });
    t.diagnostic(`${rolledBack} found, the median one after ${median.calls} calls and ${median.ms} ms`);
    assert.ok(rolledBack >= 0.99 * runCount, `${runCount - rolledBack} were let through`);
    // 300 calls are what the first step takes; half of them must be found well before.
    assert.ok(median.calls <= 250, `${median.calls} calls`);
  });

test(title("a release that fails everything is found at the first look"), (t) => {
  const { rolledBack, median } = runs({ old: good, new: { ...good, failureShare: 1 }, callsPerSecond: 100 });
  t.diagnostic(`${rolledBack} found, the median one after ${median.calls} calls`);
  assert.equal(rolledBack, runCount);
  assert.ok(median.calls <= 60, `${median.calls} calls`);
});

test(title("a release that is half as slow again is rolled back"), (t) => {
  const { rolledBack, median } = runs({ old: good, new: { ...good, medianMs: 30 }, callsPerSecond: 100 });
  t.diagnostic(`${rolledBack} found, the median one after ${median.calls} calls`);
  assert.ok(rolledBack >= 0.99 * runCount, `${runCount - rolledBack} were let through`);
});

const switched = blueGreen(boundsMs, 60_000);

for (const failureShare of [0, 0.001, 0.02])
  test(title(`after a switch, a new release as good as an old one that fails ${failureShare * 100} % stands`), (t) => {
    const manner = { ...good, failureShare };
    const { released, rolledBack } = runs({ old: manner, new: manner, callsPerSecond: 20, strategy: switched });
    t.diagnostic(`${rolledBack} switched back for nothing`);
    assert.equal(released + rolledBack, runCount);
    assert.ok(rolledBack <= runCount / 50, `${rolledBack} switched back for nothing`);
  });

for (const [what, manner] of [
  ["fails 5 %", { ...good, failureShare: 0.05 }],
  ["is half as slow again", { ...good, medianMs: 30 }],
] as const)
  test(title(`after a switch, a release that ${what} is switched back`), (t) => {
    const { rolledBack, median } = runs({ old: good, new: manner, callsPerSecond: 20, strategy: switched });
    t.diagnostic(`${rolledBack} found, the median one after ${median.calls} calls and ${median.ms} ms`);
    assert.ok(rolledBack >= 0.99 * runCount, `${runCount - rolledBack} stood`);
  });
