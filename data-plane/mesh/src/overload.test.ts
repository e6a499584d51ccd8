import assert from "node:assert/strict";
import { test } from "node:test";
import { type CantleError, type Clock, virtualClock } from "@cantle/core";
import { AdaptiveLimit, type AdaptivePolicy } from "./adaptive-limit.ts";
import { entering } from "./entry.ts";
import { fixture, reply, things } from "./fixture.ts";
import { inbound } from "./inbound.ts";
import { createLoopDelay } from "./loop-delay.ts";
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

/** Sheds by a delay that is told; how many of 1,000 calls were let in. */
async function admittedAt(delayMs: number, policy: Policy): Promise<number> {
  const made = fixture({ "*": policy });
  const handle = inbound(read, { ...made.host, loopDelay: { delayMs: () => delayMs } }, (input) => input);
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
  const host = { ...made.host, loopDelay: { delayMs: () => 200 } };
  await assert.rejects(entering(read, host)(made.call("read")), { code: "OVERLOADED", retryAfterSeconds: 1 });
  assert.equal(asked, 0);
  await entering(things.operations.admin, host)(made.call("admin"));
  assert.equal(asked, 1);
});

test("a call that stays in its process is a part of what was let in, and is not shed again", async () => {
  const made = fixture();
  const host = { ...made.host, loopDelay: { delayMs: () => 1_000 } };
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
