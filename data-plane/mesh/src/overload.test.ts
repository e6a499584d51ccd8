import assert from "node:assert/strict";
import { test } from "node:test";
import { type CantleError, type Clock, virtualClock } from "@cantle/core";
import { AdaptiveLimit, type AdaptivePolicy } from "./adaptive-limit.ts";
import { nextCallCost, unknownCallCost } from "./call-cost.ts";
import { entering } from "./entry.ts";
import { EventLoop } from "./event-loop-fixture.ts";
import { fixture, reply, things } from "./fixture.ts";
import { inbound } from "./inbound.ts";
import { createLoopDelay } from "./loop-delay.ts";
import { type LoopTick, nextLoopLimit, noLoopLimit } from "./loop-limit.ts";
import { outbound } from "./outbound.ts";
import type { Policy } from "./policy.ts";
import { type Criticality, refusedShare } from "./shedding.ts";

const { read } = things.operations;

const shares: [Criticality, number, number][] = [
  ["sheddable", 50, 0],
  ["sheddable", 75, 0.5],
  ["sheddable", 100, 1],
  ["default", 100, 0],
  ["default", 150, 0.5],
  ["default", 1_000, 1],
  ["critical", 200, 0],
  ["critical", 300, 0.5],
  ["critical", 400, 1],
];
for (const [criticality, delayMs, share] of shares) {
  test(`of ${criticality} calls ${share * 100} % are refused when the loop is ${delayMs} ms late and may be 100`, () =>
    assert.equal(refusedShare(criticality, delayMs, 100), share));
}

const lateBy = (delayMs: number) => ({ delayMs: () => delayMs, entered() {}, left() {}, fullShare: () => 0 });

/** Sheds by a delay that is told; how many of 1,000 calls were let in. */
async function admittedAt(delayMs: number, policy: Policy): Promise<number> {
  const made = fixture({ "*": policy });
  const handle = inbound(read, { ...made.host, loopDelay: lateBy(delayMs) }, (input) => input);
  const ended = await Promise.allSettled(Array.from({ length: 1_000 }, () => handle(made.call("read"))));
  for (const each of ended) {
    if (each.status === "fulfilled") continue;
    const { code, retryAfterSeconds } = each.reason as CantleError;
    assert.deepEqual([code, retryAfterSeconds], ["OVERLOADED", 1]);
  }
  return ended.filter(({ status }) => status === "fulfilled").length;
}

test("a late event loop sheds at the door, the least important first", async () => {
  assert.equal(await admittedAt(0, {}), 1_000);
  assert.equal(await admittedAt(100, {}), 1_000);
  assert.equal(await admittedAt(100, { criticality: "sheddable" }), 0);
  assert.equal(await admittedAt(200, {}), 0);
  assert.equal(await admittedAt(200, { criticality: "critical" }), 1_000);
  const half = await admittedAt(150, {});
  assert.ok(half > 400 && half < 600, `${half}`);
});

test("a gateway with a late event loop sheds before it asks anybody, and what matters most is still let through", async () => {
  const made = fixture({ "things.admin": { criticality: "critical" } });
  let asked = 0;
  made.serve({
    a() {
      asked++;
      return reply("well");
    },
  });
  const host = { ...made.host, loopDelay: lateBy(200) };
  await assert.rejects(entering(read, host)(made.call("read")), { code: "OVERLOADED", retryAfterSeconds: 1 });
  assert.equal(asked, 0);
  await entering(things.operations.admin, host)(made.call("admin"));
  assert.equal(asked, 1);
});

test("a call that stays in its process is a part of what was let in, and is not shed again", async () => {
  const made = fixture();
  const host = { ...made.host, loopDelay: lateBy(1_000) };
  const local = inbound(read, host, () => ({ id: "1" }));
  await assert.rejects(local(made.call("read")), { code: "OVERLOADED" });
  made.resolver.set("things", [
    { id: "here", service: "things", version: "1.0.0", state: "ready", address: "memory:here" },
  ]);
  const send = outbound(read, { ...host, dial: () => local });
  const answer = await send(made.call("read"));
  assert.deepEqual(answer.kind === "value" && answer.value, { id: "1" });
});

/** A clock whose timers fire late by what is said. */
function lateClock() {
  const clock = virtualClock();
  let lateMs = 0;
  const late: Clock = { ...clock, after: (delayMs, task) => clock.after(delayMs + lateMs, task) };
  return { clock, late, lag: (ms: number) => (lateMs = ms) };
}

test("being late every time is overload, one stall is not, and it ends when it ends", async () => {
  const { clock, late, lag } = lateClock();
  const delay = createLoopDelay(late);
  await clock.advance(1_000);
  assert.equal(delay.delayMs(), 0);
  lag(5_000);
  await clock.advance(100);
  lag(0);
  await clock.advance(5_100);
  assert.equal(delay.delayMs(), 0);
  lag(200);
  await clock.advance(2_000);
  assert.equal(delay.delayMs(), 200);
  lag(0);
  await clock.advance(400);
  assert.equal(delay.delayMs(), 0);
  await delay.stop();
});

/** A clock that goes on while work is done, when no timer can fire. */
function busyClock() {
  const clock = virtualClock();
  let workedMs = 0;
  const busy: Clock = { ...clock, nowMs: () => clock.nowMs() + workedMs };
  return { busy, work: (ms: number) => (workedMs += ms) };
}

test("calls that come one after the other in one long turn are late by what they have waited for each other", async () => {
  const { busy, work } = busyClock();
  const delay = createLoopDelay(busy);
  const asked = Array.from({ length: 30 }, () => {
    work(10);
    return delay.delayMs();
  });
  // The tick is due after 50 ms. The first call after that has waited for nobody, the next for that one, and so on.
  assert.deepEqual(asked.slice(0, 9), [0, 0, 0, 0, 0, 0, 10, 20, 30]);
  assert.equal(asked.at(-1), 240);
  await delay.stop();
});

test("a stall and a pause of the whole machine are no work: what comes after them is let in", async () => {
  const { busy, work } = busyClock();
  const delay = createLoopDelay(busy);
  for (let pause = 1; pause <= 3; pause++) {
    work(5_000);
    for (let at = 0; at < 20; at++) assert.ok(delay.delayMs() <= 20 * pause);
  }
  await delay.stop();
});

test("a loop that is late as others have the processor is late by no more than it has worked", async () => {
  const { clock, late, lag } = lateClock();
  let share = 0.05;
  const delay = createLoopDelay(late, () => share * clock.nowMs());
  lag(400);
  await clock.advance(4_000);
  assert.ok(delay.delayMs() <= 25, `${delay.delayMs()} ms`);
  for (let call = 0; call < 20; call++) {
    delay.entered();
    await clock.advance(20);
    assert.ok(delay.delayMs() <= 25, `${delay.delayMs()} ms`);
    delay.left();
  }
  share = 1;
  await clock.advance(4_000);
  assert.equal(delay.delayMs(), 400);
  await delay.stop();
});

test("a call that has only begun to wait is late by what those before it will cost, once that is known", async () => {
  const loop = new EventLoop();
  const delay = createLoopDelay(loop.clock);
  const letIn = () => {
    const delayMs = delay.delayMs();
    delay.entered();
    return delayMs;
  };
  const turn = () => {
    for (let at = 0; at < 10; at++) {
      letIn();
      loop.work(10);
      delay.left();
    }
  };
  const asked: number[] = [];
  loop.expect(0, () => asked.push(...Array.from({ length: 30 }, letIn)));
  await loop.runUntil(60);
  assert.deepEqual(asked.splice(0), new Array(30).fill(0));
  // Two turns of a tenth of a second, in which ten calls end: 10 ms for each.
  loop.expect(60, turn);
  loop.expect(160, turn);
  loop.expect(260, () => asked.push(...Array.from({ length: 30 }, letIn)));
  await loop.runUntil(270);
  assert.deepEqual(asked.slice(0, 9), [0, 0, 0, 0, 0, 0, 10, 20, 30]);
  assert.equal(asked.at(-1), 240);
  await delay.stop();
});

const tick = (lateMs: number, ended: number, peak = ended): LoopTick => ({
  elapsedMs: 50 + lateMs,
  workedMs: 50 + lateMs,
  lateMs,
  ended,
  peak,
});

test("what a call costs is known after two late ticks in a row, is the lesser of both, and is forgotten when none is", () => {
  const costMs = (...seen: LoopTick[]) => seen.reduce(nextCallCost, unknownCallCost).costMs;
  assert.equal(costMs(tick(0, 10)), 0);
  assert.equal(costMs(tick(50, 10)), 0);
  assert.equal(costMs(tick(50, 10), tick(50, 20)), 5);
  // A stall of five seconds and a call in it.
  assert.equal(costMs(tick(0, 10), tick(5_000, 1), tick(0, 10)), 0);
  assert.equal(costMs(tick(50, 20), tick(5_000, 1), tick(50, 0)), 5 * 0.99);
  assert.ok(costMs(tick(50, 20), tick(50, 20), ...new Array(400).fill(tick(0, 20))) < 0.1);
});

/** The limit after rounds of three ticks that are alike. */
function limitAfter(from: number, ...rounds: LoopTick[]): number {
  const ticks = rounds.flatMap((each) => [each, each, each]);
  return ticks.reduce(nextLoopLimit, { ...noLoopLimit, limit: from }).limit;
}

test("what may be in flight is bounded after a round in which the loop was late, by what is too much", () => {
  const none = Number.POSITIVE_INFINITY;
  assert.equal(limitAfter(none, tick(100, 30, 400)), none);
  // 30 calls end in 150 ms, and it is 100 - 75 ms too late: five too many of those that were in flight.
  assert.equal(limitAfter(400, tick(100, 30, 400)), 395);
  assert.equal(limitAfter(none, tick(150, 40, 400)), 385);
  // However late it is, some are left, and few are no overload.
  assert.equal(limitAfter(none, tick(10_000, 3_000, 400)), 400 - (3_000 / 10_050) * 325);
  assert.equal(limitAfter(20, tick(150, 40, 20)), 8);
});

test("a limit that leaves the loop on time grows, by as much as it is too little, until it bounds nothing", () => {
  assert.equal(limitAfter(100, tick(25, 30, 100)), 120);
  assert.equal(limitAfter(100, tick(0, 1, 100)), 110.00000000000001);
  assert.equal(limitAfter(10, tick(0, 50, 10)), 15);
  assert.equal(limitAfter(65, tick(0, 1, 8)), Number.POSITIVE_INFINITY);
});

test("a round lasts until what was in flight has ended, or a second where that never does", () => {
  const slow = (count: number) =>
    new Array(count)
      .fill(tick(150, 1, 100))
      .reduce(nextLoopLimit, { limit: 200, round: { ...noLoopLimit.round, toEnd: 100 } });
  assert.equal(slow(4).limit, 200);
  assert.ok(slow(5).limit < 200);
});

test("while the loop is late an instance has no more in flight than it can do, and more of what matters", async () => {
  const { clock, late, lag } = lateClock();
  const loopDelay = createLoopDelay(late);
  const made = fixture({ "things.admin": { criticality: "critical" } });
  const { operations } = things;
  const working: (() => void)[] = [];
  const work = () => new Promise((resolve) => void working.push(() => resolve({ id: "1" })));
  const open = (operation: typeof read | typeof operations.admin, name: "read" | "admin") => {
    const handle = inbound(operation, { ...made.host, loopDelay }, work);
    const caller = { id: "ann", roles: ["admin"], assertion: "" };
    return () =>
      void handle(made.call(name, { id: "1" }, { caller })).catch(({ code }) => refused.push(`${name}: ${code}`));
  };
  const refused: string[] = [];
  const ordinary = open(read, "read");
  const critical = open(operations.admin, "admin");
  lag(150);
  for (let at = 0; at < 40; at++) ordinary();
  await clock.advance(0);
  for (let tick = 0; tick < 3; tick++) {
    assert.deepEqual(refused, []);
    for (const end of working.splice(0, 10)) end();
    await clock.advance(200);
    for (let at = 0; at < 10; at++) ordinary();
    await clock.advance(0);
  }
  // Forty in flight, 75 ms too late, and ten end in 200 ms: some four are too many.
  refused.length = 0;
  ordinary();
  critical();
  await clock.advance(0);
  assert.deepEqual(refused, ["read: OVERLOADED"]);
  await loopDelay.stop();
  await made.clock.advance(20_000);
});

const bounds: Omit<AdaptivePolicy, "by"> = { latencyMs: 100, limitMin: 2, limitMax: 50, limitStart: 10 };
const after = (by: AdaptivePolicy["by"], tookMs: readonly number[], inFlight = 50) => {
  const limit = new AdaptiveLimit({ by, ...bounds });
  for (const each of tookMs) limit.ended(each, inFlight);
  return limit.limit;
};
const times = (many: number, tookMs: number) => Array.from({ length: many }, () => tookMs);

test("aimd grows by one for a limit's worth of fast calls, and loses a tenth for a slow one", () => {
  assert.equal(after("aimd", times(11, 10)), 11);
  assert.equal(after("aimd", times(1, 200)), 9);
});

test("a limit stays within its bounds", () => {
  for (const by of ["aimd", "gradient"] as const) {
    assert.equal(after(by, times(100_000, 10)), 50);
    assert.equal(after(by, [10, ...Array.from({ length: 400 }, (_, at) => 200 * 1.05 ** at)]) >= 2, true);
  }
  assert.equal(after("aimd", times(1_000, 200)), 2);
});

test("gradient shrinks when calls take longer than they used to, whatever that was", () => {
  assert.ok(after("gradient", [...times(300, 10), ...times(20, 200)]) < after("gradient", times(320, 10)));
});

test("a limit that is not used does not grow", () => {
  for (const by of ["aimd", "gradient"] as const) assert.equal(after(by, times(1_000, 10), 1), 10);
});

test("an instance with an adaptive limit sheds what is over it", async () => {
  const made = fixture({ "*": { adaptive: { by: "aimd", limitStart: 3 } } });
  const handle = inbound(read, made.host, () => new Promise(() => {}));
  const codes: string[] = [];
  for (let at = 0; at < 5; at++) void handle(made.call("read")).catch((error: CantleError) => codes.push(error.code));
  await made.clock.advance(0);
  assert.deepEqual(codes, ["OVERLOADED", "OVERLOADED"]);
  await made.clock.advance(20_000);
});
