import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { beatMsOf, type StallEvent, type StallState, stallWatch } from "./stall-watch.ts";

const tickMs = 1_000;
const stalledAfterMs = 10_000;
const heard: StallEvent = { kind: "heard", debugged: false };
const tick: StallEvent = { kind: "tick" };
type Told = readonly [atMs: number, event: StallEvent];

function run(told: readonly Told[]): StallState {
  return told.reduce<StallState>(
    (state, [nowMs, event]) => stallWatch(state, event, { nowMs, tickMs, stalledAfterMs }),
    { kind: "unheard" },
  );
}

/** Ticks from one moment to another, on time. */
function ticks(fromMs: number, toMs: number): Told[] {
  return Array.from({ length: (toMs - fromMs) / tickMs }, (_, at) => [fromMs + (at + 1) * tickMs, tick]);
}

const cases: readonly [what: string, told: readonly Told[], kind: StallState["kind"]][] = [
  ["nothing was ever said", ticks(0, 60_000), "unheard"],
  ["it was silent for half of the time", [[0, heard], ...ticks(0, 5_000)], "watched"],
  ["it was silent for all of the time", [[0, heard], ...ticks(0, 10_000)], "stalled"],
  [
    "it said something in the last moment",
    [[0, heard], ...ticks(0, 9_000), [9_500, heard], ...ticks(9_000, 18_000)],
    "watched",
  ],
  ["the supervisor slept for an hour", [[0, heard], [3_600_000, tick], ...ticks(3_600_000, 3_609_000)], "watched"],
  [
    "the supervisor is late every time",
    [[0, heard], ...Array.from({ length: 50 }, (_, at): Told => [(at + 1) * 2_000, tick])],
    "watched",
  ],
  [
    "it was silent before and after the supervisor slept",
    [[0, heard], ...ticks(0, 6_000), [60_000, tick], ...ticks(60_000, 64_000)],
    "stalled",
  ],
  ["a debugger holds it", [[0, heard], [500, { kind: "heard", debugged: true }], ...ticks(0, 60_000)], "exempt"],
  [
    "the debugger left, and then it was silent",
    [[0, { kind: "heard", debugged: true }], ...ticks(0, 5_000), [5_000, heard], ...ticks(5_000, 15_000)],
    "stalled",
  ],
  ["it spoke up after it had been given up", [[0, heard], ...ticks(0, 10_000), [10_001, heard]], "stalled"],
];
for (const [what, told, kind] of cases) {
  test(`when ${what}, it is ${kind}`, () => assert.equal(run(told).kind, kind));
}

test("whatever the supervisor's own pace, who speaks more often than the limit is never given up", () => {
  const steps = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 9_000 }), ticks: fc.boolean() }));
  fc.assert(
    fc.property(steps, (all) => {
      let nowMs = 0;
      let heardMs = 0;
      const told: Told[] = [[0, heard]];
      for (const step of all) {
        nowMs += step.afterMs;
        if (nowMs - heardMs >= stalledAfterMs || !step.ticks) {
          heardMs = nowMs;
          told.push([nowMs, heard]);
        }
        if (step.ticks) told.push([nowMs, tick]);
      }
      assert.equal(run(told).kind, "watched");
    }),
  );
});

test("an instance reports every second, and more often where less silence is borne", () => {
  assert.deepEqual([10_000, 4_000, 400].map(beatMsOf), [1_000, 1_000, 100]);
});
