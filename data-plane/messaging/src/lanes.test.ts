import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Lanes, laneOf, noLane } from "./lanes.ts";

describe("the lane of a key", () => {
  test("is the same for ever: engines store it", () => {
    assert.deepEqual(
      [laneOf(undefined), laneOf(""), laneOf("a"), laneOf("Schlüssel")],
      [noLane, 2_872_998_923, 444_641_715, 1_848_146_155],
    );
  });

  test("is hardly ever another key's", () => {
    const lanes = new Set(Array.from({ length: 10_000 }, (_, index) => laneOf(`key-${index}`)));
    assert.ok(lanes.size > 9_990);
  });
});

describe("lanes", () => {
  test("let one go at a time, in the order in which they came", () => {
    const lanes = new Lanes();
    assert.deepEqual(
      [lanes.enter(1, 7), lanes.enter(2, 7), lanes.enter(3, 8), lanes.enter(4, 7)],
      [true, false, true, false],
    );
    assert.equal(lanes.waitingCount, 2);
    assert.deepEqual([lanes.leave(1), lanes.leave(3), lanes.leave(2), lanes.leave(4)], [2, undefined, 4, undefined]);
    assert.equal(lanes.waitingCount, 0);
    assert.equal(lanes.enter(5, 7), true);
  });

  test("hold up nobody who has none", () => {
    const lanes = new Lanes();
    assert.deepEqual([lanes.enter(1, noLane), lanes.enter(2, noLane), lanes.leave(1)], [true, true, undefined]);
  });
});
