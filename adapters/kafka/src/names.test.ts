import assert from "node:assert/strict";
import { test } from "node:test";
import { Names } from "./names.ts";

const source = { kind: "topic", name: "shop.sold", group: "notices" } as const;

for (const prefix of ["", "test-"])
  test(`names are told apart again behind the prefix "${prefix}"`, () => {
    const names = new Names(prefix);
    assert.equal(names.topic("shop.sold"), `${prefix}shop.sold`);
    assert.equal(names.topicOf(names.topic("shop.sold")), "shop.sold");
    assert.equal(names.groupOf(names.group("shop.sold", "notices"), "shop.sold"), "notices");
    assert.equal(names.groupOf(names.group("shop.sold", "notices"), "shop.lost"), undefined);
    assert.deepEqual(names.sourceOf(names.deadLetters(source)), source);
    for (const other of [names.again("shop.sold", "notices"), names.deadLetters(source), "__consumer_offsets"])
      assert.equal(names.topicOf(other), undefined, other);
    assert.equal(names.sourceOf(names.topic("shop.sold")), undefined);
  });

test("what has another prefix is not ours", () => {
  assert.equal(new Names("test-").topicOf("shop.sold"), undefined);
});
