import assert from "node:assert/strict";
import { test } from "node:test";
import { planAdoption } from "./adoption.ts";
import { digestOf } from "./plan.ts";
import type { ProcessSpec } from "./spec.ts";
import type { ProcessRecord } from "./state-file.ts";

function specOf(unit: string, revision = "1"): ProcessSpec {
  const program = { command: "node", args: [], env: {}, cwd: "/", readyTimeoutMs: 1, drainTimeoutMs: 1 };
  return { unit, instance: `${unit}-1`, ...program, revision };
}

function recordOf(unit: string, pid: number, more: Partial<ProcessRecord> = {}): ProcessRecord {
  const spec = specOf(unit);
  return {
    pid,
    start: String(pid),
    boot: "b",
    unit,
    instance: spec.instance,
    startedAt: "2026-01-01T00:00:00.000Z",
    drainTimeoutMs: 1,
    addresses: ["unix:/a"],
    services: [],
    generation: 1,
    digest: digestOf(spec),
    ...more,
  };
}

/** Those with an even number live. */
const isAlive = ({ pid }: ProcessRecord) => pid % 2 === 0;

function plan(records: readonly ProcessRecord[], specs: readonly ProcessSpec[]) {
  const { inherited, ended } = planAdoption(records, specs, isAlive);
  return {
    inherited: [...inherited].map(([name, { record, ...rest }]) => ({ name, pid: record?.pid, ...rest })),
    ended: ended.map(({ pid }) => pid),
  };
}

const a = { name: "a-1", isChanged: false, generation: 1 };
const cases: readonly [
  what: string,
  records: readonly ProcessRecord[],
  specs: readonly ProcessSpec[],
  expected: ReturnType<typeof plan>,
][] = [
  ["nothing was left", [], [specOf("a")], { inherited: [], ended: [] }],
  ["what is wanted as it was", [recordOf("a", 40)], [specOf("a")], { inherited: [{ ...a, pid: 40 }], ended: [] }],
  [
    "what is wanted otherwise",
    [recordOf("a", 40)],
    [specOf("a", "2")],
    { inherited: [{ ...a, pid: 40, isChanged: true }], ended: [] },
  ],
  ["what nobody wants", [recordOf("b", 42)], [specOf("a")], { inherited: [], ended: [42] }],
  ["what nobody wants, and is dead", [recordOf("b", 41)], [specOf("a")], { inherited: [], ended: [] }],
  [
    "what died meanwhile",
    [recordOf("a", 41, { generation: 7 })],
    [specOf("a")],
    { inherited: [{ ...a, pid: undefined, generation: 7 }], ended: [] },
  ],
  [
    "a new one that was about to take an old one's place",
    [recordOf("a", 40), recordOf("a", 42, { generation: 2, addresses: [] })],
    [specOf("a")],
    { inherited: [{ ...a, pid: 40, generation: 2 }], ended: [42] },
  ],
  [
    "an old one that was to make room",
    [recordOf("a", 40), recordOf("a", 42, { generation: 2 })],
    [specOf("a")],
    { inherited: [{ ...a, pid: 42, generation: 2 }], ended: [40] },
  ],
  [
    "a dead one beside a living one",
    [recordOf("a", 40), recordOf("a", 43, { generation: 2 })],
    [specOf("a")],
    { inherited: [{ ...a, pid: 40, generation: 2 }], ended: [] },
  ],
];
for (const [what, records, specs, expected] of cases) {
  test(`adoption of ${what}`, () => assert.deepEqual(plan(records, specs), expected));
}
