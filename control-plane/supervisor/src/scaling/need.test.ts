import assert from "node:assert/strict";
import { test } from "node:test";
import { type MetricLoad, needOf } from "./need.ts";
import { scalingPolicy } from "./policy.ts";

const policy = scalingPolicy({ min: 1, max: 20, target: { cpu: 0.5, inFlight: 10 } });
const cpu = (load: number, knownCount = 4, sourceCount = 4): MetricLoad => ({
  metric: "cpu",
  load,
  knownCount,
  sourceCount,
});
const inFlight = (load: number, knownCount = 4, sourceCount = 4): MetricLoad => ({
  ...cpu(load, knownCount, sourceCount),
  metric: "inFlight",
});

const table: readonly { title: string; loads: readonly MetricLoad[]; wanted: number; need: number | "unknown" }[] = [
  { title: "on target", loads: [cpu(2)], wanted: 4, need: 4 },
  { title: "within the tolerance above", loads: [cpu(2.19)], wanted: 4, need: 4 },
  { title: "within the tolerance below", loads: [cpu(1.81)], wanted: 4, need: 4 },
  { title: "over the tolerance", loads: [cpu(2.3)], wanted: 4, need: 5 },
  { title: "under the tolerance", loads: [cpu(1.4)], wanted: 4, need: 3 },
  { title: "idle", loads: [cpu(0)], wanted: 4, need: 0 },
  { title: "the metric that needs most", loads: [cpu(0.1), inFlight(75)], wanted: 4, need: 8 },
  {
    title: "two ready and two starting, each ready one at twice its target",
    loads: [cpu(2, 2, 2)],
    wanted: 4,
    need: 4,
  },
  { title: "one of four silent, the others say fewer", loads: [cpu(0.3, 3)], wanted: 4, need: "unknown" },
  { title: "one of four silent, the others on target", loads: [cpu(1.5, 3)], wanted: 4, need: "unknown" },
  { title: "one of four silent, more even if it idles", loads: [cpu(2.7, 3)], wanted: 4, need: 6 },
  { title: "all silent", loads: [cpu(0, 0)], wanted: 4, need: "unknown" },
  { title: "nobody ready", loads: [cpu(0, 0, 0)], wanted: 4, need: "unknown" },
  { title: "a metric unknown, the other says fewer", loads: [cpu(0, 0), inFlight(10)], wanted: 4, need: "unknown" },
  { title: "a metric unknown, the other says more", loads: [cpu(0, 0), inFlight(90)], wanted: 4, need: 9 },
];

for (const { title, loads, wanted, need } of table) {
  test(`needed are ${need} of ${wanted} wanted: ${title}`, () => {
    const found = needOf(loads, wanted, policy);
    assert.equal(found.kind === "known" ? found.count : "unknown", need, found.reason);
  });
}

test("a need says what it was made of", () => {
  assert.equal(
    needOf([cpu(2.345, 3), inFlight(0, 0)], 4, policy).reason,
    "cpu 2.35 in all at 0.5 each (3 of 4 measured); inFlight not known (0 of 4 measured)",
  );
});
