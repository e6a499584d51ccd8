import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, type Timer, virtualClock } from "@cantle/core";
import { Awake } from "./awake.ts";

test("what is read was sent at most two looks ago", async () => {
  const clock = virtualClock();
  const awake = new Awake(clock, 100);
  await clock.advance(1_050);
  assert.ok(awake.sinceMs >= 850 && awake.sinceMs <= 1_050);
  awake.close();
});

/** A clock whose process can be stopped: time goes on, and timers run when it is woken up. */
class StoppableClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly task: () => void }[] = [];

  wallMs = () => this.#now;
  nowMs = () => this.#now;

  after(delayMs: number, task: () => void): Timer {
    const timer = { at: this.#now + delayMs, task };
    this.#timers.push(timer);
    return { cancel: () => void this.#timers.splice(this.#timers.indexOf(timer), 1) };
  }

  sleep(ms: number): void {
    this.#now += ms;
  }

  wake(): void {
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { task } of due) task();
  }
}

test("what waited while the process was stopped was sent before that, whether timers or sockets come first", () => {
  const clock = new StoppableClock();
  const awake = new Awake(clock, 100);
  for (let look = 0; look < 10; look++) {
    clock.sleep(100);
    clock.wake();
  }
  clock.sleep(60_000);
  assert.ok(awake.sinceMs <= 1_000, "read before the timers run");
  clock.wake();
  assert.ok(awake.sinceMs <= 1_000, "read after the timers ran once");
  clock.sleep(100);
  clock.wake();
  assert.equal(awake.sinceMs, 61_000);
});
