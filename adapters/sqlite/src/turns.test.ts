import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { createTurns } from "./turns.ts";

const bounds = { waitingMax: 3, waitMaxMs: 100 };

test("the first turn is free, the others come in the order they were asked for", async () => {
  const turns = createTurns({ clock: virtualClock(), ...bounds });
  const order: string[] = [];
  assert.equal(turns.take(), undefined);
  const waiting = ["a", "b", "c"].map((name) => turns.take()?.then(() => order.push(name)));
  turns.give();
  await waiting[0];
  assert.deepEqual(order, ["a"]);
  turns.give();
  turns.give();
  await Promise.all(waiting);
  assert.deepEqual(order, ["a", "b", "c"]);
});

test("a turn is handed over: a newcomer does not slip in before the next in line", async () => {
  const turns = createTurns({ clock: virtualClock(), ...bounds });
  void turns.take();
  const next = turns.take();
  turns.give();
  const newcomer = turns.take();
  assert.notEqual(newcomer, undefined);
  await next;
  turns.give();
  await newcomer;
  turns.give();
  assert.equal(turns.take(), undefined);
});

test("beyond waitingMax one is refused at once", async () => {
  const turns = createTurns({ clock: virtualClock(), ...bounds });
  void turns.take();
  const waiting = [turns.take(), turns.take(), turns.take()];
  assert.throws(() => turns.take(), { code: "OVERLOADED", notes: "waitingMax = 3" });
  turns.give();
  await waiting[0];
  assert.notEqual(turns.take(), undefined);
});

test("who waits longer than waitMaxMs leaves the line, and the turn goes to who is behind", async () => {
  const clock = virtualClock();
  const turns = createTurns({ clock, ...bounds });
  void turns.take();
  const patient = assert.rejects(turns.take()!, { code: "OVERLOADED" });
  await clock.advance(60);
  const later = turns.take();
  await clock.advance(60);
  await patient;
  turns.give();
  await later;
  turns.give();
  // Nobody holds the turn any more, and the timer of who was served does nothing.
  await clock.advance(1000);
  assert.equal(turns.take(), undefined);
});
