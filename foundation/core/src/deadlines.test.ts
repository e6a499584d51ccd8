import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, virtualClock } from "./clock.ts";
import { createDeadlines, Deadline } from "./deadlines.ts";

class Noted extends Deadline {
  readonly expired: string[];
  readonly name: string;
  constructor(name: string, expired: string[]) {
    super();
    this.name = name;
    this.expired = expired;
  }
  expire(): void {
    this.expired.push(this.name);
  }
}

test("a deadline is never early and at most a tick late", async () => {
  const clock = virtualClock();
  const deadlines = createDeadlines(clock, 10);
  const expired: string[] = [];
  deadlines.add(new Noted("a", expired), 25);
  await clock.advance(25);
  assert.deepEqual(expired, []);
  await clock.advance(15);
  assert.deepEqual(expired, ["a"]);
});

test("deadlines taken back never expire, from any place in a slot, and taking back twice is harmless", async () => {
  const clock = virtualClock();
  const deadlines = createDeadlines(clock, 10);
  const expired: string[] = [];
  const noted = ["a", "b", "c", "d"].map((name) => new Noted(name, expired));
  for (const each of noted) deadlines.add(each, 15);
  for (const at of [1, 3, 0, 0]) deadlines.remove(noted[at] as Noted);
  await clock.advance(100);
  assert.deepEqual(expired, ["c"]);
});

test("a deadline may be added again after it expired, and from within an expiry", async () => {
  const clock = virtualClock();
  const deadlines = createDeadlines(clock, 10);
  const expired: string[] = [];
  class Again extends Noted {
    override expire(): void {
      super.expire();
      if (this.expired.length < 3) deadlines.add(this, clock.nowMs() + 10);
    }
  }
  deadlines.add(new Again("again", expired), 10);
  await clock.advance(100);
  assert.equal(expired.length, 3);
});

test("no timer runs when no deadline is left", async () => {
  let timers = 0;
  const clock = virtualClock();
  const counting: Clock = {
    ...clock,
    after(ms, task) {
      timers++;
      return clock.after(ms, task);
    },
  };
  const deadlines = createDeadlines(counting, 10);
  deadlines.add(new Noted("a", []), 20);
  await clock.advance(1_000);
  assert.ok(timers <= 4, `${timers} timers for one deadline two ticks away`);
});
