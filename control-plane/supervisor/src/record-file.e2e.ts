import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { stageFolder } from "../fixtures/stage.ts";
import { keepFiles } from "./kept-files.ts";
import { recordFile } from "./record-file.ts";

const files = keepFiles(virtualClock(), () => {});
const isText = (value: unknown): value is string => typeof value === "string";

test("what was written is read, for its owner only, until it is removed", async () => {
  await using folder = await stageFolder();
  const record = recordFile(folder.file("record"), isText, files);
  assert.equal(record.read(), undefined);
  record.write("once");
  record.write("twice");
  assert.equal(record.read(), "twice");
  assert.equal(statSync(folder.file("record")).mode & 0o777, 0o600);
  record.remove();
  record.remove();
  assert.equal(record.read(), undefined);
});

for (const [what, text, code] of [
  ["of a newer version", '{"version":2,"content":"x"}', "DATA_NEWER"],
  ["of something else", '{"version":1,"content":3}', "DATA_DAMAGED"],
  ["that is cut off", '{"version":1,', "DATA_DAMAGED"],
  ["that is nothing", "null", "DATA_DAMAGED"],
] as const)
  test(`a record ${what} is refused`, async () => {
    await using folder = await stageFolder();
    writeFileSync(folder.file("record"), text);
    assert.throws(() => recordFile(folder.file("record"), isText, files).read(), {
      code,
      place: folder.file("record"),
    });
  });
