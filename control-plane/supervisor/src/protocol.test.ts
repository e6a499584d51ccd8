import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noCalls } from "./beat.ts";
import { nameCharsMax, namesMax, readChildMessage, readParentMessage, textCharsMax } from "./protocol.ts";

const start = { unit: "a", instance: "a-1", generation: 2 };
const load = { takenMs: 1, ...noCalls, cpuMs: 2, loopBusyMs: 3, loopIdleMs: 4, memoryBytes: 5 };

test("what an instance says is read as it was said", () => {
  const messages = [
    { kind: "starting", services: ["articles"] },
    { kind: "ready", addresses: ["unix:/run/articles.sock"], services: ["articles"] },
    { kind: "failed", code: "SERVICE_BROKEN", text: "error[SERVICE_BROKEN]: it broke\n  --> here" },
    {
      kind: "here",
      identity: { pid: 40, start: "1", boot: "b" },
      ...start,
      phase: "ready",
      addresses: [],
      services: [],
    },
    { kind: "load", load, debugged: false },
    { kind: "draining" },
  ];
  for (const message of messages) assert.deepEqual(readChildMessage(structuredClone(message)), message);
});

test("what a supervisor says is read as it was said", () => {
  const spec = {
    kind: "spec",
    unit: "a",
    instance: "a-1",
    generation: 2,
    mode: "attached",
    beatMs: 1,
    redial: null,
    release: null,
    share: null,
    data: { key: 1 },
  };
  assert.deepEqual(readParentMessage(structuredClone(spec)), spec);
  assert.deepEqual(readParentMessage({ kind: "drain" }), { kind: "drain" });
});

test("anything else is nothing", () => {
  const strange = [
    null,
    1,
    "ready",
    [],
    {},
    { kind: "toString" },
    { kind: "failed", code: "__proto__", text: "" },
    { kind: "here", ...start, phase: "ready" },
  ];
  for (const value of strange) assert.equal(readChildMessage(value), undefined);
  for (const value of [...strange, { kind: "spec", unit: 1 }]) assert.equal(readParentMessage(value), undefined);
  fc.assert(fc.property(fc.jsonValue(), (value) => readChildMessage(value) === undefined));
});

test("a report that is none is a sign of life all the same", () => {
  for (const strange of [undefined, null, [], { ...load, cpuMs: -1 }, { ...load, latencies: [] }])
    assert.deepEqual(readChildMessage({ kind: "load", load: strange }), { kind: "load", load: null, debugged: false });
});

test("lists and texts are cut, and cannot steer a terminal", () => {
  const ready = readChildMessage({
    kind: "ready",
    addresses: Array(1000).fill("x".repeat(1000)),
    services: [1, "\u001b[2J"],
  });
  assert.ok(ready?.kind === "ready");
  assert.equal(ready.addresses.length, namesMax);
  assert.equal(ready.addresses[0]?.length, nameCharsMax);
  assert.deepEqual(ready.services, ["\\x1b[2J"]);
  const failed = readChildMessage({ kind: "failed", code: "INTERNAL", text: "x".repeat(10_000) });
  assert.equal(failed?.kind === "failed" && failed.text.length, textCharsMax);
});
