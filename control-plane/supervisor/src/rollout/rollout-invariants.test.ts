/** The invariants of `rollout.ts` under whatever happens: the numbers are those of its head. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blueGreen, canary, type RolloutPlan, type Strategy } from "./plan.ts";
import { beginRollout, rollout } from "./rollout.ts";
import type { ReleaseSample, Samples } from "./sample.ts";
import type { RolloutAction, RolloutEvent, RolloutState, RolloutStep } from "./step.ts";

const boundsMs = [10, 100];
const count = fc.integer({ min: 1, max: 5 });

const strategies = fc.oneof(
  fc.constant<Strategy>({ kind: "rolling" }),
  fc.constantFrom(20, 200).map((keepMs): Strategy => blueGreen(boundsMs, keepMs)),
  fc
    .constantFrom("wait", "promote", "roll-back")
    .map((whenSilent): Strategy => canary(boundsMs, { warmUpMs: 5, stepMs: 50, whenSilent })),
);

const plans = fc.tuple(count, strategies).map(([instances, strategy]): RolloutPlan => {
  const names = (release: string) => Array.from({ length: instances }, (_, index) => `${release}${index}`);
  return { old: names("old"), new: names("new"), strategy, readyTimeoutMs: 100 };
});

const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
  fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY, 0.5),
);
const samples = fc.record({ calls: number, failed: number, latency: fc.array(number, { maxLength: 4 }) });
/** What was answered since the last tick, so that verdicts are reached. */
const answers = fc.tuple(fc.nat(2_000), fc.nat(2_000), fc.nat(2_000)).map(([fast, slow, failed]): ReleaseSample => {
  return { calls: fast + slow, failed: Math.min(failed, fast + slow), latency: [fast, slow, 0] };
});

/** An event, or a wish for one that fits where the rollout stands: the `pick`-th instance that could. */
type Happening =
  | { readonly kind: "answered"; readonly by: Samples }
  | { readonly kind: "event"; readonly event: RolloutEvent }
  | { readonly kind: "fitting"; readonly what: "ready" | "drained" | "failed"; readonly pick: number };

const instance = fc.tuple(fc.constantFrom("old", "new", "nobody"), fc.nat(5)).map(([release, at]) => `${release}${at}`);
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("fitting" as const),
      what: fc.constantFrom("ready", "ready", "ready", "drained", "drained", "failed"),
      pick: fc.nat(9),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("answered" as const), by: fc.record({ old: answers, new: answers }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("event" as const),
      event: fc.oneof(
        fc.record({
          kind: fc.constant("tick" as const),
          samples: fc.record({ old: samples, new: samples }),
        }),
        fc.record({ kind: fc.constantFrom("ready", "drained", "failed"), instance }),
        fc.constantFrom<RolloutEvent>({ kind: "tick" }, { kind: "promote" }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<RolloutEvent>({ kind: "abort" }, { kind: "timeout" })
      .map((event): Happening => ({ kind: "event", event })),
  },
);

const stories = fc.array(fc.tuple(happenings, fc.integer({ min: -20, max: 60 })), { maxLength: 60, size: "max" });

/** What really runs, by what was asked for: it does not look into the rollout's own book. */
class World {
  readonly starting = new Set<string>();
  readonly ready: Set<string>;
  readonly draining = new Set<string>();
  readonly plan: RolloutPlan;
  share = 0;
  outcome: string | undefined;

  constructor(plan: RolloutPlan) {
    this.plan = plan;
    this.ready = new Set(plan.old);
  }

  happens(event: RolloutEvent): void {
    if (event.kind === "ready" && this.starting.delete(event.instance)) this.ready.add(event.instance);
    if (event.kind === "failed" && this.ready.delete(event.instance)) this.starting.add(event.instance);
    if (event.kind === "drained") this.draining.delete(event.instance);
  }

  does(action: RolloutAction): void {
    assert.match(action.reason, /\d/, "4");
    assert.equal(this.outcome, undefined, "nothing comes after the end");
    if (action.kind === "start") for (const one of action.instances) this.#start(one);
    if (action.kind === "drain") this.#drain(action.instances);
    if (action.kind === "weights") {
      assert.ok(action.share >= 0 && action.share <= 1 && action.share !== this.share, "3");
      this.share = action.share;
    }
    if (action.kind === "finish") this.#finish(action.outcome);
  }

  #start(one: string): void {
    assert.ok(!this.starting.has(one) && !this.ready.has(one) && !this.draining.has(one), `3: ${one}`);
    this.starting.add(one);
  }

  #drain(instances: readonly string[]): void {
    const before = this.ready.size;
    for (const one of instances) {
      assert.ok(this.starting.delete(one) || this.ready.delete(one), `3: ${one}`);
      this.draining.add(one);
    }
    assert.ok(this.ready.size === before || this.ready.size >= this.plan.old.length, "1");
  }

  #finish(outcome: string): void {
    this.outcome = outcome;
    const { old, new: fresh } = this.plan;
    assert.deepEqual([...this.ready].sort(), [...(outcome === "released" ? fresh : old)].sort(), "2");
    assert.equal(this.starting.size + this.draining.size, 0, "2");
    assert.equal(this.share, outcome === "released" ? 1 : 0);
  }

  check(): void {
    const alive = [...this.ready].some((one) => one.startsWith("new"));
    // After the end, a failing instance is its supervisor's business again.
    assert.ok(alive || this.share === 0 || this.outcome !== undefined, "no calls go to a release that is not ready");
  }
}

/** Tells one event, and checks what is done. */
function turn(world: World, before: RolloutStep, told: { event: RolloutEvent; nowMs: number }): RolloutStep {
  world.happens(told.event);
  const after = rollout(before.state, told.event, told.nowMs);
  for (const action of after.actions) world.does(action);
  world.check();
  const ended = before.state.stage.kind === "finished";
  const gaveUp = told.event.kind === "abort" || told.event.kind === "timeout";
  if (gaveUp && !ended) assert.ok(isGoingBack(after.state), "5");
  const promoted = told.event.kind === "promote" && !ended;
  if (promoted) assert.ok(after.state.stage.kind !== "weighing" && after.state.stage.kind !== "keeping", "5");
  return after;
}

function isGoingBack({ stage }: RolloutState): boolean {
  return stage.kind === "rolling-back" || (stage.kind === "finished" && stage.outcome === "rolled-back");
}

function fitting(world: World, what: "ready" | "drained" | "failed", pick: number): RolloutEvent | undefined {
  const those = [...{ ready: world.starting, drained: world.draining, failed: world.ready }[what]];
  return those.length === 0 ? undefined : { kind: what, instance: those[pick % those.length] as string };
}

function eventOf(happening: Happening, world: World, counted: Samples): RolloutEvent | undefined {
  switch (happening.kind) {
    case "answered":
      return { kind: "tick", samples: counted };
    case "event":
      return happening.event;
    case "fitting":
      return fitting(world, happening.what, happening.pick);
  }
}

function added(counted: Samples, by: Samples): Samples {
  const sum = (one: ReleaseSample, other: ReleaseSample): ReleaseSample => ({
    calls: one.calls + other.calls,
    failed: one.failed + other.failed,
    latency: one.latency.map((count, bucket) => count + (other.latency[bucket] ?? 0)),
  });
  return { old: sum(counted.old, by.old), new: sum(counted.new, by.new) };
}

/** Whatever was asked for comes true, until nothing more is asked for. */
function settle(world: World, begun: RolloutStep, fromMs: number): RolloutStep {
  let step = begun;
  for (let turns = 0; turns < 200; turns++) {
    const event = fitting(world, "ready", 0) ?? fitting(world, "drained", 0);
    if (event === undefined) return step;
    step = turn(world, step, { event, nowMs: fromMs });
  }
  throw assert.fail("it never settles");
}

/** Where stories came to, so that it is known what was tested. */
const reached = new Map<string, number>();
const places = ["rolling", "blue-green", "canary"].flatMap((kind) =>
  [
    "replacing",
    "rolling-back",
    "released",
    "rolled-back",
    { rolling: "replacing", "blue-green": "keeping", canary: "weighing" }[kind],
  ].map((stage) => `${kind} ${stage}`),
);

function live(plan: RolloutPlan, story: readonly (readonly [Happening, number])[]) {
  const world = new World(plan);
  let nowMs = 0;
  let step = beginRollout(plan, nowMs);
  const none: ReleaseSample = { calls: 0, failed: 0, latency: [0, 0, 0] };
  let counted: Samples = { old: none, new: none };
  for (const action of step.actions) world.does(action);
  for (const [happening, passedMs] of story) {
    nowMs += passedMs;
    if (happening.kind === "answered") counted = added(counted, happening.by);
    const event = eventOf(happening, world, counted);
    if (event !== undefined) step = turn(world, step, { event, nowMs });
    const { stage } = step.state;
    const place = `${plan.strategy.kind} ${stage.kind === "finished" ? stage.outcome : stage.kind}`;
    reached.set(place, (reached.get(place) ?? 0) + 1);
  }
  return { world, step, nowMs };
}

test("whatever happens, nothing is done twice, no readiness is lost, and everything has a reason", () => {
  fc.assert(
    fc.property(plans, stories, (plan, story) => void live(plan, story)),
    { numRuns: 1_000 },
  );
  for (const place of places) assert.ok(reached.has(place), `no story came to ${place}`);
});

test("whatever happened, giving up ends with all old instances ready and all new ones gone", () => {
  fc.assert(
    fc.property(plans, stories, (plan, story) => {
      const { world, step, nowMs } = live(plan, story);
      const given = turn(world, step, { event: { kind: "abort" }, nowMs });
      settle(world, given, nowMs);
      assert.ok(world.outcome !== undefined);
      if (step.state.stage.kind !== "finished") assert.equal(world.outcome, "rolled-back");
    }),
    { numRuns: 1_000 },
  );
});

test("whatever happened, a promoted rollout ends, and released unless it was on its way back", () => {
  fc.assert(
    fc.property(plans, stories, (plan, story) => {
      const { world, step, nowMs } = live(plan, story);
      const back = isGoingBack(step.state);
      settle(world, turn(world, step, { event: { kind: "promote" }, nowMs }), nowMs);
      assert.equal(world.outcome, back ? "rolled-back" : "released");
    }),
    { numRuns: 1_000 },
  );
});
