import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@cantle/core";
import fc from "fast-check";
import { defaultBackOff, isCrashLoop, type RestartEvent, type RestartState, restartPolicy } from "./restart-policy.ts";

/** Chance at its upper end: the longest wait there can be. */
const longest: Random = { next: () => 1 - Number.EPSILON, hex: () => "" };

interface Told {
  readonly atMs: number;
  readonly event: RestartEvent;
}

const at = (atMs: number, event: RestartEvent): Told => ({ atMs, event });
const crashed: RestartEvent = { kind: "ended", mendable: true };

function run(told: readonly Told[], random = longest) {
  let state: RestartState = { kind: "stopped" };
  return told.map(({ atMs, event }) => {
    const step = restartPolicy(state, event, { nowMs: atMs, random, backOff: defaultBackOff });
    state = step.state;
    return step;
  });
}

test("the first restart comes within 100 ms, later ones ever later, and none after more than 30 s", () => {
  const crashes = Array.from({ length: 12 }, () => [at(0, crashed), at(0, { kind: "due" })]).flat();
  const waits = run([at(0, { kind: "start" }), ...crashes]).flatMap(({ action }) =>
    action.kind === "wait" ? [action.delayMs] : [],
  );
  assert.deepEqual(waits.slice(0, 4), [99, 199, 399, 799]);
  assert.equal(waits.at(-1), 29_999);
});

test("waits are spread over their whole range", () => {
  const random = seededRandom(7);
  const waits = Array.from({ length: 200 }, () => run([at(0, { kind: "start" }), at(0, crashed)], random)[1]!.action);
  const delaysMs = waits.map((action) => (action.kind === "wait" ? action.delayMs : Number.NaN));
  assert.ok(delaysMs.some((delayMs) => delayMs < 20) && delaysMs.some((delayMs) => delayMs >= 80));
  assert.ok(delaysMs.every((delayMs) => delayMs >= 0 && delayMs < 100));
});

test("an instance that stayed ready long enough counts its crashes anew, a flapping one does not", () => {
  const flap = (readyMs: number) =>
    run([
      at(0, { kind: "start" }),
      at(0, crashed),
      at(0, { kind: "due" }),
      at(0, { kind: "ready" }),
      at(readyMs, crashed),
    ]).at(-1)?.state;
  assert.deepEqual(flap(9999), { kind: "backing-off", crashes: 2, untilMs: 9999 + 199 });
  assert.deepEqual(flap(10_000), { kind: "backing-off", crashes: 1, untilMs: 10_000 + 99 });
});

test("the third crash in a row is a crash loop, until the instance is ready", () => {
  const third = run([
    at(0, { kind: "start" }),
    ...[1, 2, 3].flatMap((ms) => [at(ms, crashed), at(ms, { kind: "due" })]),
  ]);
  assert.equal(isCrashLoop(third[3]!.state, defaultBackOff), false);
  assert.equal(isCrashLoop(third.at(-1)!.state, defaultBackOff), true);
  const ready = restartPolicy(
    third.at(-1)!.state,
    { kind: "ready" },
    { nowMs: 9, random: longest, backOff: defaultBackOff },
  );
  assert.equal(isCrashLoop(ready.state, defaultBackOff), false);
});

test("what a restart cannot mend waits for somebody to ask", () => {
  const steps = run([
    at(0, { kind: "start" }),
    at(1, { kind: "ended", mendable: false }),
    at(2, { kind: "due" }),
    at(3, { kind: "start" }),
  ]);
  assert.deepEqual(
    steps.map(({ state, action }) => `${state.kind} ${action.kind}`),
    ["starting spawn", "failed none", "failed none", "starting spawn"],
  );
});

test("asking during a back-off starts at once and forgets the crashes", () => {
  const step = run([at(0, { kind: "start" }), at(1, crashed), at(2, { kind: "start" })]).at(-1);
  assert.deepEqual(step, { state: { kind: "starting", crashes: 0 }, action: { kind: "spawn" } });
});

test("whatever happens, nothing is spawned twice without an end between, and nothing after stop until start", () => {
  const kinds: readonly RestartEvent[] = [
    { kind: "start" },
    { kind: "stop" },
    { kind: "ready" },
    crashed,
    { kind: "ended", mendable: false },
    { kind: "due" },
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...kinds)), fc.integer(), (events, seed) => {
      let running = false;
      let stopped = true;
      const steps = run(
        events.map((event, index) => at(index, event)),
        seededRandom(seed),
      );
      for (const [index, { action }] of steps.entries()) {
        const { kind } = events[index]!;
        if (kind === "start") stopped = false;
        if (kind === "stop") stopped = true;
        if (kind === "ended" || kind === "stop") running = false;
        if (action.kind !== "spawn") continue;
        assert.ok(!running && !stopped);
        running = true;
      }
    }),
  );
});

test("what runs already is taken for starting until it says that it is ready, and its end is followed by a start", () => {
  const steps = run([
    at(0, { kind: "adopt" }),
    at(1, { kind: "ready" }),
    at(2, { kind: "adopt" }),
    at(3, crashed),
    at(4, { kind: "due" }),
  ]);
  assert.deepEqual(
    steps.map(({ state, action }) => `${state.kind} ${action.kind}`),
    ["starting none", "ready none", "ready none", "backing-off wait", "starting spawn"],
  );
});
