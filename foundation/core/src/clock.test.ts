import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { delay, systemClock, virtualClock, within } from "./clock.ts";

test("virtual time only moves when told to", async () => {
  const clock = virtualClock(1000);
  assert.deepEqual([clock.nowMs(), clock.wallMs()], [0, 1000]);
  await clock.advance(250);
  assert.deepEqual([clock.nowMs(), clock.wallMs()], [250, 1250]);
});

test("timers run in the order of their times, those of one time in the order they were set, at that very time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 20 }), async (delays) => {
      const clock = virtualClock();
      const ran: { at: number; order: number; now: number }[] = [];
      delays.forEach((at, order) => void clock.after(at, () => ran.push({ at, order, now: clock.nowMs() })));
      await clock.advance(50);
      const expected = delays.map((at, order) => ({ at, order, now: at }));
      assert.deepEqual(
        ran,
        expected.sort((a, b) => a.at - b.at || a.order - b.order),
      );
    }),
    { numRuns: 30 },
  );
});

test("a timer that is not due, or was cancelled, does not run", async () => {
  const clock = virtualClock();
  let ran = 0;
  clock.after(11, () => ran++);
  clock.after(5, () => ran++).cancel();
  await clock.advance(10);
  assert.equal(ran, 0);
  await clock.advance(1);
  assert.equal(ran, 1);
});

test("what a timer sets runs in the same advance when it is due in it", async () => {
  const clock = virtualClock();
  const times: number[] = [];
  const again = () => {
    times.push(clock.nowMs());
    clock.after(10, again);
  };
  clock.after(10, again);
  await clock.advance(35);
  assert.deepEqual(times, [10, 20, 30]);
});

test("promises settle between one timer and the next", async () => {
  const clock = virtualClock();
  const story: string[] = [];
  const wait = async () => {
    await delay(clock, 10);
    story.push(`woke at ${clock.nowMs()}`);
  };
  const waiting = wait();
  clock.after(20, () => story.push("second timer"));
  await clock.advance(20);
  await waiting;
  assert.deepEqual(story, ["woke at 10", "second timer"]);
});

test("the system clock's timers run, and can be cancelled", async () => {
  const story: string[] = [];
  systemClock.after(0, () => story.push("cancelled")).cancel();
  // A timer does not hold the process, so something else has to while it is waited for.
  const held = setInterval(() => {}, 1000);
  await delay(systemClock, 1);
  clearInterval(held);
  assert.deepEqual(story, []);
});

test("a timer of the system clock that is months away does not run at once", async () => {
  let ran = false;
  const timers = [2 ** 31, 90 * 86_400_000, Number.POSITIVE_INFINITY].map((ms) =>
    systemClock.after(ms, () => {
      ran = true;
    }),
  );
  const held = setInterval(() => {}, 1000);
  // An overflowing timer is set to 1 ms by the platform, so it would be due before this one.
  await delay(systemClock, 5);
  clearInterval(held);
  for (const timer of timers) timer.cancel();
  assert.equal(ran, false);
});

test("the system clock's monotonic time never goes back", () => {
  const first = systemClock.nowMs();
  assert.ok(systemClock.nowMs() >= first);
  assert.ok(systemClock.wallMs() > 1_700_000_000_000);
});

test("within ends with what is waited for, or when the time is over", async () => {
  const clock = virtualClock();
  let isOver = false;
  const late = within(clock, 100, new Promise(() => {})).then(() => {
    isOver = true;
  });
  await clock.advance(99);
  assert.equal(isOver, false);
  await clock.advance(1);
  await late;
  await within(clock, 100, Promise.resolve());
  await assert.rejects(within(clock, 100, Promise.reject(new TypeError("no"))), TypeError);
});
