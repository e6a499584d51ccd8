/**
 * Our breaker beside cockatiel's: whatever calls and waits come, the same calls are let through and the same states follow.
 *
 * They are compared where both mean the same: failures in a row, a constant time open, one probe; and, for shares, up to the first
 * opening. Where they differ on purpose is a test of its own, at the end:
 *
 * - a probe that never comes back: cockatiel is half-open for ever, ours takes it for a failure after `probeMs`;
 * - a second caller while a probe is out: cockatiel lets it wait for the verdict, ours refuses it at once;
 * - a failure that comes back late, of a call that began before the breaker opened: cockatiel lets it end a half-open state that it
 *   knows nothing of, ours ignores it;
 * - the probe that closed it: cockatiel counts it in its new window, ours begins with nothing;
 * - a share that is exactly the limit: ours opens, cockatiel's opens above it.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CircuitState, ConsecutiveBreaker, CountBreaker, circuitBreaker, handleAll, type IBreaker } from "cockatiel";
import fc from "fast-check";
import type { BreakerPolicy } from "./breaker.ts";
import { bench } from "./breaker-fixture.ts";

const names = {
  [CircuitState.Closed]: "closed",
  [CircuitState.Open]: "open",
  [CircuitState.HalfOpen]: "half-open",
  [CircuitState.Isolated]: "forced-open",
};

/** A call that was begun in both and has not ended. */
interface Pair {
  readonly ticket: number;
  readonly startMs: number;
  /** Ends it there; resolves when cockatiel has taken that in. */
  readonly end: (isGood: boolean) => Promise<void>;
}

/** Both breakers, under one time. */
function both(context: TestContext, breaker: IBreaker, policy: Partial<BreakerPolicy>) {
  context.mock.timers.reset();
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const openMs = policy.openMs ?? 1_000;
  const ours = bench({ openMs, openMsMax: openMs, probesMax: 1, probeMs: Number.POSITIVE_INFINITY, ...policy });
  const theirs = circuitBreaker(handleAll, { halfOpenAfter: openMs, breaker });
  const state = () => [ours.state, names[theirs.state]] as const;

  /** Begins a call in both; undefined where both refuse it. Throws where one does and the other does not. */
  async function begin(): Promise<Pair | undefined> {
    const startMs = ours.now;
    const ticket = ours.ask();
    const inside = Promise.withResolvers<void>();
    let entered = false;
    const call = theirs.execute(() => {
      entered = true;
      return inside.promise;
    });
    const ended = call.then(
      () => {},
      () => {},
    );
    await Promise.resolve();
    assert.equal(ticket !== 0, entered, "both let the call through, or neither does");
    if (!entered) return undefined;
    const end = (isGood: boolean) => {
      if (isGood) inside.resolve();
      else inside.reject(new Error("failed"));
      return ended;
    };
    return { ticket, startMs, end };
  }

  return {
    ours,
    theirs,
    begin,
    async end({ ticket, startMs, end }: Pair, isGood: boolean) {
      ours.end(ticket, isGood ? "success" : "failure", startMs);
      await end(isGood);
    },
    pass(ms: number) {
      ours.pass(ms);
      context.mock.timers.setTime(1_000_000 + ours.now);
    },
    agree: () => assert.equal(state()[0], state()[1], "both are in the same state"),
  };
}

type Both = ReturnType<typeof both>;
const inRow = (threshold: number) => ({ failuresMax: threshold, failureRatioMax: 2 });

async function one(it: Both, isGood: boolean): Promise<void> {
  const pair = await it.begin();
  if (pair !== undefined) await it.end(pair, isGood);
}

const threshold = fc.integer({ min: 1, max: 5 });
const openMs = fc.constantFrom(1, 100, 1_000);
const wait = fc.record({
  kind: fc.constant("wait" as const),
  ms: fc.constantFrom(0, 1, 50, 99, 100, 999, 1_000, 5_000),
});

test("one call after the other: the same calls are let through, and the states are the same", async (context) => {
  const call = fc.record({ kind: fc.constant("call" as const), isGood: fc.boolean() });
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: call }, wait), { maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(threshold, openMs, steps, async (threshold, openMs, steps) => {
      const it = both(context, new ConsecutiveBreaker(threshold), { ...inRow(threshold), openMs });
      for (const step of steps) {
        if (step.kind === "wait") it.pass(step.ms);
        else await one(it, step.isGood);
        it.agree();
      }
    }),
    { numRuns: 300 },
  );
});

test("many calls at once, ending in any order: the same, as long as they end in the state they began in", async (context) => {
  const begin = fc.record({ kind: fc.constant("begin" as const) });
  const end = fc.record({ kind: fc.constant("end" as const), which: fc.nat(20), isGood: fc.boolean() });
  const steps = fc.array(fc.oneof(begin, end, wait), { maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(threshold, openMs, steps, async (threshold, openMs, steps) => {
      const it = both(context, new ConsecutiveBreaker(threshold), { ...inRow(threshold), openMs });
      let underWay: Pair[] = [];
      for (const step of steps) {
        const before = it.ours.state;
        if (step.kind === "wait") it.pass(step.ms);
        // A second caller beside a probe waits there and is refused here.
        if (step.kind === "begin" && !(before === "half-open" && underWay.length > 0)) {
          const pair = await it.begin();
          if (it.ours.state !== before) underWay = [];
          if (pair !== undefined) underWay.push(pair);
        }
        if (step.kind === "end" && underWay.length > 0) {
          const [pair] = underWay.splice(step.which % underWay.length, 1);
          await it.end(pair as Pair, step.isGood);
          if (it.ours.state !== before) underWay = [];
        }
        it.agree();
      }
    }),
    { numRuns: 300 },
  );
});

test("a share of the last so many calls opens both at the same call", async (context) => {
  const share = fc.record({ size: fc.integer({ min: 1, max: 19 }), min: fc.integer({ min: 1, max: 19 }) });
  await fc.assert(
    fc.asyncProperty(share, fc.array(fc.boolean(), { maxLength: 100 }), async ({ size, min }, outcomes) => {
      fc.pre(min <= size);
      // No count of fewer than twenty calls is exactly this share of them.
      const ratio = 0.35;
      const breaker = new CountBreaker({ threshold: ratio, size, minimumNumberOfCalls: min });
      const it = both(context, breaker, { failureRatioMax: ratio, windowCalls: size, callsMin: min });
      for (const isGood of outcomes) {
        await one(it, isGood);
        it.agree();
        if (it.ours.state === "open") return;
      }
    }),
    { numRuns: 300 },
  );
});

// Where they differ on purpose

/** Both open, and their time over. */
async function readyToProbe(context: TestContext, more: Partial<BreakerPolicy> = {}) {
  const it = both(context, new ConsecutiveBreaker(1), { ...inRow(1), ...more });
  const late = await it.begin();
  await one(it, false);
  it.agree();
  it.pass(1_000);
  return { ...it, late: late as Pair };
}

test("a probe that never comes back: theirs stays half-open, ours tries again", async (context) => {
  const it = await readyToProbe(context, { probeMs: 500 });
  await it.begin();
  it.agree();
  it.pass(60_000);
  assert.equal(it.ours.ask(), 0, "the probe has failed, and it is open again");
  it.pass(1_000);
  assert.notEqual(it.ours.ask(), 0);
  assert.equal(it.theirs.state, CircuitState.HalfOpen);
});

test("a second caller beside a probe: theirs waits for the verdict, ours is refused at once", async (context) => {
  const it = await readyToProbe(context);
  const probe = (await it.begin()) as Pair;
  assert.equal(it.ours.ask(), 0);
  let entered = false;
  const second = it.theirs.execute(() => {
    entered = true;
  });
  await Promise.resolve();
  assert.equal(entered, false);
  await it.end(probe, true);
  await second;
  assert.equal(entered, true);
});

test("a late failure of a call that began before: theirs opens again for it, ours ignores it", async (context) => {
  const it = await readyToProbe(context);
  await it.begin();
  it.agree();
  await it.end(it.late, false);
  assert.deepEqual([it.ours.state, names[it.theirs.state]], ["half-open", "open"]);
});

test("exactly the share that is the limit opens ours, and theirs only above it", async (context) => {
  const breaker = new CountBreaker({ threshold: 0.5, size: 2 });
  const it = both(context, breaker, { failureRatioMax: 0.5, windowCalls: 2, callsMin: 2 });
  await one(it, true);
  await one(it, false);
  assert.deepEqual([it.ours.state, names[it.theirs.state]], ["open", "closed"]);
});
