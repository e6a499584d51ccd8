/** The invariants of `scaler.ts` whatever is measured, and however the clock jumps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { metrics, type ScalingPolicy, scalingPolicy } from "./policy.ts";
import { beginScaling, type ScalerState, type ScalingAction, scaler, type UnitLoad } from "./scaler.ts";

const targetValues = { inFlight: 5, cpu: 0.5, loopUtilisation: 0.6, queueLag: 9 };

const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -0, 1e300);
/** A load around some level, as a multiple of what is aimed at. */
const value = (target: number, level: number) =>
  fc.oneof(
    { weight: 60, arbitrary: fc.integer({ min: 50, max: 150 }).map((off) => (target * level * off) / 100) },
    odd,
  );
const ageMs = fc.oneof({ weight: 40, arbitrary: fc.nat(400) }, odd, fc.constantFrom(6_000, -2_000));
const passedMs = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 500, max: 1_500 }) },
  fc.constantFrom(0, -3.6e6, 3.6e6, 7_000),
);

/** One report; an absent one was lost. */
const report = (level: number) => {
  const cpu = value(targetValues.cpu, level);
  const inFlight = value(targetValues.inFlight, level);
  const loopUtilisation = value(targetValues.loopUtilisation, level);
  return fc.option(fc.record({ ageMs, values: fc.record({ cpu, inFlight, loopUtilisation }) }), { freq: 15 });
};

/** One moment: which instances there are, what they and the queue say, and how many somebody asks for by hand. */
const moment = (level: number) =>
  fc.record({
    passedMs,
    reports: fc.array(report(level), { minLength: 15, maxLength: 15 }),
    startingCount: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(6)),
    lag: value(targetValues.queueLag * 4, level),
    asked: fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, fc.integer({ min: 0, max: 40 })),
  });
type Moment = ReturnType<typeof moment> extends fc.Arbitrary<infer Value> ? Value : never;

/** Some times of the same load, one after the other. */
const stories = fc
  .array(
    fc.constantFrom(0.1, 0.5, 1, 3).chain((level) => fc.array(moment(level), { minLength: 5, maxLength: 15 })),
    { minLength: 1, maxLength: 4 },
  )
  .map((times) => times.flat());

const policies = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.nat(10), fc.subarray([...metrics], { minLength: 1 }))
  .map(([min, more, aimed]) => {
    const target = Object.fromEntries(aimed.map((metric) => [metric, targetValues[metric]]));
    return scalingPolicy({ min, max: min + more, target, downStabilisationMs: 5_000, downCooldownMs: 1_000 });
  });

interface Heard {
  readonly wanted: number;
  readonly silent: boolean;
  readonly policy: ScalingPolicy;
}

function check(action: ScalingAction, { wanted, silent, policy }: Heard): void {
  assert.match(action.reason, /\d/, "4");
  if (action.kind === "hold") return;
  const { count, cause } = action;
  assert.ok(Number.isInteger(count) && count >= policy.min && count <= policy.max && count !== wanted, "1");
  if (cause === "load-up") assert.ok(count > wanted && count <= Math.max(2 * wanted, wanted + 4));
  if (cause !== "load-down") return;
  assert.ok(count < wanted && count >= Math.ceil(wanted / 2));
  assert.ok(!silent, "2");
}

/** A unit that carries out every answer; says which answers there were. */
function live(policy: ScalingPolicy, story: readonly Moment[]): readonly string[] {
  const heardMs = new Map<string, number>();
  const causes: string[] = [];
  let state: ScalerState = beginScaling(0);
  let wanted = policy.min;
  let nowMs = 0;
  for (const moment of story) {
    nowMs += moment.passedMs;
    wanted = moment.asked ?? wanted;
    const unit = unitOf(moment, nowMs, wanted);
    for (const { instance, measured } of unit.instances)
      if (measured !== undefined && nowMs - measured.atMs >= 0 && nowMs - measured.atMs <= policy.staleMs)
        heardMs.set(instance, measured.atMs);
    const ready = unit.instances.filter((one) => one.state === "ready");
    const isSilent = (instance: string) => !(nowMs - (heardMs.get(instance) ?? Number.NaN) <= policy.staleMs);
    const aimsAtInstances = Object.keys(policy.target).some((metric) => metric !== "queueLag");
    const { state: next, action } = scaler(state, unit, { nowMs, policy });
    state = next;
    check(action, { wanted, policy, silent: aimsAtInstances && ready.some(({ instance }) => isSilent(instance)) });
    assert.ok(state.memories.size <= 15 && state.peak.needs.length <= policy.max, "what is remembered is bounded");
    causes.push(action.cause);
    if (action.kind === "scale") wanted = action.count;
  }
  return causes;
}

function unitOf({ reports, startingCount, lag }: Moment, nowMs: number, wantedCount: number): UnitLoad {
  const instances = reports.slice(0, wantedCount).map((report, index) => {
    const state = index < startingCount ? ("starting" as const) : ("ready" as const);
    const measured = report === null ? {} : { measured: { atMs: nowMs - report.ageMs, values: report.values } };
    return { instance: `articles-${index}`, state, ...measured };
  });
  return { wantedCount, instances, queue: { atMs: nowMs, values: { queueLag: lag } } };
}

test("whatever is measured, answers keep the bounds and the steps, have reasons, and take nothing away unseen", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(policies, stories, (policy, story) => {
      for (const cause of live(policy, story)) reached.add(cause);
    }),
    { numRuns: 500 },
  );
  for (const cause of ["load-up", "load-down", "stabilising", "unknown", "below-min", "above-max"])
    assert.ok(reached.has(cause), `no story came to ${cause}`);
});
