import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError } from "@cantle/core";
import { type ScalingPolicy, scalingPolicy } from "./policy.ts";
import { beginScaling, type InstanceLoad, scaler, type UnitLoad } from "./scaler.ts";

const policy = scalingPolicy({ min: 1, max: 20, target: { cpu: 0.5 } });

/** Instances that are ready, each with this much cpu; an absent one reports nothing. */
function unit(nowMs: number, cpus: readonly (number | undefined)[], wantedCount = cpus.length): UnitLoad {
  const instances = cpus.map((cpu, index): InstanceLoad => {
    const measured = { atMs: nowMs, values: cpu === undefined ? {} : { cpu } };
    return { instance: `articles-${index}`, state: "ready", measured };
  });
  return { wantedCount, instances };
}

/** Watches one second after the other, each as `seen` says, and carries nothing out. */
function watchFor(seconds: number, seen: (nowMs: number) => UnitLoad, figures = policy) {
  let state = beginScaling(0);
  return Array.from({ length: seconds }, (_, second) => {
    const nowMs = (second + 1) * 1_000;
    const step = scaler(state, seen(nowMs), { nowMs, policy: figures });
    state = step.state;
    return step.action;
  });
}

const inWords = (action: ReturnType<typeof watchFor>[number] | undefined) =>
  action?.kind === "scale" ? `${action.cause} ${action.count}` : action?.cause;

test("more load is answered by the second measurement, at most doubling or adding four", () => {
  const answer = (cpus: readonly number[], figures = policy) =>
    inWords(watchFor(2, (nowMs) => unit(nowMs, cpus), figures).at(-1));
  assert.equal(answer([0.9]), "load-up 2");
  assert.equal(answer([9]), "load-up 5");
  assert.equal(answer([9, 9, 9, 9, 9, 9]), "load-up 12");
  assert.equal(answer(Array(15).fill(9)), "load-up 20");
  assert.equal(answer([9], { ...policy, stepMax: 2 }), "load-up 3");
});

test("after a step up it pauses, then goes on", () => {
  const actions = watchFor(8, (nowMs) => unit(nowMs, [9]));
  assert.deepEqual(actions.map(inWords), [
    "unknown",
    "load-up 5",
    ...Array(4).fill("up-cooldown"),
    "load-up 5",
    "up-cooldown",
  ]);
});

test("less load is answered when it has lasted, by half at most and with a pause between", () => {
  const actions = watchFor(75, (nowMs) => unit(nowMs, Array(8).fill(0.01)));
  const changes = actions.flatMap((action, second) => (action.kind === "scale" ? [[second + 1, inWords(action)]] : []));
  assert.deepEqual(changes, [
    [60, "load-down 4"],
    [70, "load-down 4"],
  ]);
});

test("a short rest in a busy time gives nothing up", () => {
  const busyAt = (second: number) => second % 50 < 5;
  const actions = watchFor(300, (nowMs) => unit(nowMs, Array(4).fill(busyAt(nowMs / 1_000) ? 0.5 : 0.05)));
  assert.deepEqual(
    actions.filter(({ kind }) => kind === "scale"),
    [],
  );
});

test("a silent instance gives nothing up, however long it lasts", () => {
  const actions = watchFor(300, (nowMs) => unit(nowMs, [0.01, 0.01, 0.01, undefined]));
  assert.ok(actions.every(({ cause }) => cause === "unknown"));
  assert.deepEqual(actions.filter((action) => action.kind === "hold" && action.news).length, 1, "and it is said once");
});

test("an instance whose reports stopped gives nothing up either", () => {
  const actions = watchFor(300, (nowMs) => {
    const [first, ...others] = unit(nowMs, [0.01, 0.01, 0.01]).instances as [InstanceLoad, ...InstanceLoad[]];
    const stopped = { ...first, measured: { atMs: Math.min(nowMs, 10_000), values: { cpu: 0.01 } } };
    return { wantedCount: 3, instances: [stopped, ...others] };
  });
  assert.ok(actions.every(({ kind }) => kind === "hold"));
  assert.equal(actions.at(-1)?.cause, "unknown");
});

test("instances that are starting are neither load nor capacity", () => {
  const starting: InstanceLoad[] = [1, 2].map((index) => ({ instance: `starting-${index}`, state: "starting" }));
  const seen = (cpu: number) => (nowMs: number) => {
    const ready = unit(nowMs, [cpu, cpu]).instances;
    return { wantedCount: 4, instances: [...ready, ...starting] };
  };
  assert.equal(inWords(watchFor(2, seen(1)).at(-1)), "on-target", "the two that come are what is needed");
  assert.equal(inWords(watchFor(2, seen(1.5)).at(-1)), "load-up 6", "they are not enough");
});

test("the bounds hold at once and without any measurement", () => {
  const bounded: ScalingPolicy = { ...policy, min: 2, max: 3 };
  const answer = (wantedCount: number) => inWords(watchFor(1, () => ({ wantedCount, instances: [] }), bounded)[0]);
  assert.equal(answer(0), "below-min 2");
  assert.equal(answer(9), "above-max 3");
  assert.equal(answer(Number.NaN), "unknown");
  assert.equal(inWords(watchFor(2, (nowMs) => unit(nowMs, [9, 9, 9]), bounded)[1]), "at-max");
});

test("what waits in the queue is shared by the instances", () => {
  const queued = scalingPolicy({ min: 1, max: 20, target: { queueLag: 100 } });
  const actions = watchFor(
    2,
    (nowMs) => ({ ...unit(nowMs, [0, 0]), queue: { atMs: nowMs, values: { queueLag: 450 } } }),
    queued,
  );
  assert.equal(inWords(actions[1]), "load-up 5");
});

test("a decision says its inputs", () => {
  const [, action] = watchFor(2, (nowMs) => unit(nowMs, [0.9, 1.1]));
  assert.equal(action?.reason, "2 → 4: cpu 2 in all at 0.5 each (2 of 2 measured); 4 needed");
});

test("a clock that goes back an hour stops nothing for longer than a pause", () => {
  let state = beginScaling(0);
  const at = (nowMs: number) => {
    const step = scaler(state, unit(nowMs, [9]), { nowMs, policy });
    state = step.state;
    return inWords(step.action);
  };
  for (const second of [3_601, 3_602]) at(second * 1_000);
  const answers = [1, 2, 3, 4, 5, 6, 7].map((second) => at(second * 1_000));
  assert.deepEqual(answers.slice(0, 5), ["unknown", ...Array(4).fill("up-cooldown")]);
  assert.ok(answers.slice(5).includes("load-up 5"));
});

test("a policy that makes no sense is refused, with its place", () => {
  const good = { min: 1, max: 4, target: { cpu: 0.5 } };
  const table: readonly [Parameters<typeof scalingPolicy>[0], string][] = [
    [{ ...good, min: 0 }, "scaling.min"],
    [{ ...good, max: 0 }, "scaling.max"],
    [{ ...good, max: Number.POSITIVE_INFINITY }, "scaling.max"],
    [{ ...good, target: {} }, "scaling.target"],
    [{ ...good, target: { cpu: 0 } }, "scaling.target.cpu"],
    [{ ...good, target: { loopUtilisation: 1 } }, "scaling.target.loopUtilisation"],
    [{ ...good, stepMax: 0 }, "scaling.stepMax"],
    [{ ...good, toleranceShare: 1 }, "scaling.toleranceShare"],
    [{ ...good, upCooldownMs: Number.NaN }, "scaling.upCooldownMs"],
    [{ ...good, staleMs: 0 }, "scaling.staleMs"],
  ];
  for (const [figures, place] of table)
    assert.throws(
      () => scalingPolicy(figures),
      (error) => isCantleError(error) && error.code === "SYSTEM_INVALID" && error.place === place,
      place,
    );
});
