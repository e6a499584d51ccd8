import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeRecord, encodeRecord, type GroupRecord } from "./group-record.ts";

const record: GroupRecord = {
  owner: "0af7651916cd43dd/3",
  leaseMs: 30_000,
  high: 17,
  open: [
    { sequence: 3, attempts: 0, state: { kind: "waiting" } },
    { sequence: 9, attempts: 1, state: { kind: "held" } },
    { sequence: 12, attempts: 4, state: { kind: "delayed", untilMs: 1_700_000_000_000 } },
  ],
};

test("a record is stored in this form, and read again", () => {
  const text =
    '{"version":1,"owner":"0af7651916cd43dd/3","leaseMs":30000,"high":17,"open":[[3,0],[9,1,0],[12,4,1700000000000]]}';
  assert.equal(encodeRecord(record), text);
  assert.deepEqual(decodeRecord(text), record);
});

test("a newer form is not read", () => {
  assert.throws(() => decodeRecord('{"version":2}'), { code: "DATA_NEWER" });
});

test("what is no record is said to be damaged", () => {
  const wrong = ["", "null", "[]", "{", '{"version":1}', encodeRecord(record).replace("[3,0]", "[3]")];
  for (const text of wrong) assert.throws(() => decodeRecord(text), { code: "DATA_DAMAGED" }, text);
});
