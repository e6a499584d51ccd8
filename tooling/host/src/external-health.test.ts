import assert from "node:assert/strict";
import { test } from "node:test";
import { type Health, type HealthAction, nextHealth } from "./external-health.ts";

const limits = { startMsMax: 1_000, missesMax: 3 };
const starting: Health = { kind: "starting", sinceMs: 5_000 };
const unwell: Health = { kind: "unwell" };
const well = (misses: number): Health => ({ kind: "well", misses });

const table: readonly [title: string, from: Health, look: boolean, nowMs: number, to: Health, action: HealthAction][] =
  [
    ["a program that starts is waited for", starting, false, 5_999, starting, "none"],
    ["one that is never well is given up", starting, false, 6_000, starting, "give-up"],
    ["one that is well in the last moment is shown", starting, true, 6_000, well(0), "show"],
    ["a first miss changes nothing", well(0), false, 0, well(1), "none"],
    ["nor does a second", well(1), false, 0, well(2), "none"],
    ["the third in a row takes it out of traffic", well(2), false, 0, unwell, "hide"],
    ["misses are only counted in a row", well(2), true, 0, well(0), "none"],
    ["an unwell one is left alone", unwell, false, 1e9, unwell, "none"],
    ["and is back as soon as it is well", unwell, true, 0, well(0), "show"],
  ];

for (const [title, from, look, nowMs, to, action] of table) {
  test(title, () => {
    assert.deepEqual(nextHealth(from, { well: look, nowMs }, limits), { state: to, action });
  });
}
