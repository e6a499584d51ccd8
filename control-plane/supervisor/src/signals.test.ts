import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { stopOnSignals } from "./signals.ts";

function stage() {
  const source = new EventEmitter();
  const clock = virtualClock();
  const asked: string[] = [];
  const note = (what: string) => async () => void asked.push(what);
  const leave = stopOnSignals({ stop: note("stop"), kill: note("kill") }, source, clock);
  return { source, clock, asked, leave };
}

test("the first signal drains, the second kills", async () => {
  const { source, clock, asked } = stage();
  source.emit("SIGINT");
  await clock.advance(1000);
  source.emit("SIGINT");
  assert.deepEqual(asked, ["stop", "kill"]);
});

test("one press that arrives twice is one", async () => {
  const { source, clock, asked } = stage();
  source.emit("SIGINT");
  await clock.advance(20);
  source.emit("SIGINT");
  source.emit("SIGTERM");
  assert.deepEqual(asked, ["stop"]);
});

test("after leaving nothing is listened to", () => {
  const { source, asked, leave } = stage();
  leave();
  source.emit("SIGTERM");
  assert.deepEqual(asked, []);
  assert.deepEqual(source.eventNames(), []);
});
