import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, virtualClock } from "@cantle/core";
import { whileBusy } from "./busy.ts";

const busyError = () => Object.assign(new Error("database is locked"), { code: "ERR_SQLITE_ERROR", errcode: 5 });

function lockedUntil(clock: { nowMs(): number }, untilMs: number) {
  const triedAtMs: number[] = [];
  const attempt = () => {
    triedAtMs.push(clock.nowMs());
    if (clock.nowMs() < untilMs) throw busyError();
    return "done";
  };
  return { triedAtMs, attempt };
}

test("the first attempt is made at once", async () => {
  const clock = virtualClock();
  const { attempt, triedAtMs } = lockedUntil(clock, 0);
  assert.equal(await whileBusy(attempt, { clock, random: seededRandom(1), busyMaxMs: 100 }), "done");
  assert.deepEqual(triedAtMs, [0]);
});

test("a lock that goes away in time is waited for, with growing and bounded pauses", async () => {
  const clock = virtualClock();
  const { attempt, triedAtMs } = lockedUntil(clock, 2000);
  const done = whileBusy(attempt, { clock, random: { next: () => 1, hex: () => "" }, busyMaxMs: 5000 });
  await clock.advance(3000);
  assert.equal(await done, "done");
  const pauses = triedAtMs.slice(1).map((at, index) => at - triedAtMs[index]!);
  assert.deepEqual(pauses.slice(0, 8), [2, 3, 5, 9, 17, 33, 51, 51]);
});

test("a lock that stays is given up after busyMaxMs", async () => {
  const clock = virtualClock();
  const { attempt } = lockedUntil(clock, Number.POSITIVE_INFINITY);
  const done = assert.rejects(whileBusy(attempt, { clock, random: seededRandom(1), busyMaxMs: 200 }), {
    code: "OVERLOADED",
    notes: "busyMaxMs = 200",
  });
  await clock.advance(300);
  await done;
});

test("any other error comes through at once", async () => {
  const oops = new RangeError("oops");
  const attempt = () => {
    throw oops;
  };
  const options = { clock: virtualClock(), random: seededRandom(1), busyMaxMs: 200 };
  await assert.rejects(whileBusy(attempt, options), (error) => error === oops);
});
