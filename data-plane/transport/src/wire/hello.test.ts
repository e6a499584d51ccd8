import assert from "node:assert/strict";
import { test } from "node:test";
import { agree } from "./hello.ts";

const of = (...texts: string[]) =>
  texts.map((text) => {
    const [major = 0, minor = 0] = text.split(".").map(Number);
    return { major, minor };
  });

const rows: readonly (readonly [ours: string[], theirs: string[], agreed: string])[] = [
  [["1.0"], ["1.0"], "1.0"],
  [["1.0"], ["1.3"], "1.0"],
  [["1.3"], ["1.0"], "1.0"],
  [["2.1", "1.4"], ["1.2"], "1.2"],
  [["2.1", "1.4"], ["2.0", "1.9"], "2.0"],
  [["1.4", "2.1"], ["1.9", "2.0"], "2.0"],
  [["3.0", "2.5"], ["2.1", "1.0"], "2.1"],
];
for (const [ours, theirs, agreed] of rows) {
  test(`${ours} and ${theirs} speak ${agreed}, whichever of them dials`, () => {
    assert.deepEqual([agree(of(...ours), of(...theirs))], of(agreed));
    assert.deepEqual([agree(of(...theirs), of(...ours))], of(agreed));
  });
}

for (const [ours, theirs] of [
  [["2.0"], ["1.9"]],
  [["3.0", "2.0"], ["1.0"]],
  [["1.0"], []],
] as const) {
  test(`${ours} and ${theirs.join() || "nothing"} share no version`, () => {
    assert.throws(() => agree(of(...ours), of(...theirs)), { code: "WIRE_VERSION" });
  });
}
