import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { stageFolder } from "../fixtures/stage.ts";
import { type RecordedState, readState, removeState, writeState } from "./state-file.ts";

const state: RecordedState = {
  mode: "background",
  supervisor: { pid: 40, start: "1000", boot: "b" },
  processes: [
    {
      pid: 41,
      start: "1001",
      boot: "b",
      unit: "articles",
      instance: "articles-1",
      startedAt: "2026-01-01T00:00:00.000Z",
      drainTimeoutMs: 1000,
      addresses: ["unix:/a"],
      services: ["articles"],
      generation: 1,
      digest: "d",
    },
  ],
};

test("what is written is read again, by its owner only", async () => {
  await using folder = await stageFolder();
  const path = folder.file("state.json");
  assert.equal(readState(path), undefined);
  writeState(path, state);
  assert.deepEqual(readState(path), state);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  removeState(path);
  assert.equal(readState(path), undefined);
});

test("a newer version is refused", async () => {
  await using folder = await stageFolder();
  const path = folder.file("state.json");
  await writeFile(path, JSON.stringify({ version: 2, machines: [] }));
  assert.throws(() => readState(path), { code: "DATA_NEWER" });
});

for (const [what, content] of [
  ["a cut file", "{"],
  ["no object", "null"],
  ["no processes", JSON.stringify({ version: 1, mode: "attached", supervisor: state.supervisor })],
  [
    "a process that would mean everybody",
    JSON.stringify({ version: 1, ...state, processes: [{ ...state.processes[0], pid: 1 }] }),
  ],
  ["a negative number", JSON.stringify({ version: 1, ...state, processes: [{ ...state.processes[0], pid: -41 }] })],
] as const) {
  test(`${what}: damaged, and nothing is guessed`, async () => {
    await using folder = await stageFolder();
    const path = folder.file("state.json");
    await writeFile(path, content);
    assert.throws(() => readState(path), { code: "DATA_DAMAGED" });
  });
}
