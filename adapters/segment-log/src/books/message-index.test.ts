import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Entry, MessageIndex } from "./message-index.ts";

const entry = (address: number): Entry => ({
  address,
  size: (address % 500) + 32,
  rank: (address % 3) as 0 | 1 | 2,
  lane: address % 7,
  timeMs: address,
});

type Act = { kind: "add"; gap: number } | { kind: "move" | "remove" | "insert"; at: number };

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), gap: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("move", "remove", "insert"), at: fc.nat(1_000_000) }) },
  ),
  { maxLength: 3_000, size: "max" },
);

test("it knows what a map would know, whatever comes, moves and goes", () => {
  fc.assert(
    fc.property(acts, (all) => {
      const tally = { messages: 0 };
      const index = new MessageIndex(tally);
      const model = new Map<number, Entry>();
      let next = 1;
      for (const [step, act] of all.entries()) {
        const numbers = [...model.keys()];
        if (act.kind === "add") {
          next += act.gap;
          index.put(next, entry(step));
          model.set(next, entry(step));
          continue;
        }
        const number = act.kind === "insert" ? 1 + (act.at % next) : numbers[act.at % Math.max(1, numbers.length)];
        if (number === undefined) continue;
        if (act.kind === "remove") {
          assert.deepEqual(index.remove(number), model.get(number));
          model.delete(number);
        } else {
          index.put(number, entry(step));
          model.set(number, entry(step));
        }
      }
      const sorted = [...model.keys()].sort((a, b) => a - b);
      assert.deepEqual([...index.numbers()], sorted);
      for (const number of sorted) assert.deepEqual(index.at(number), model.get(number));
      assert.deepEqual([index.first, index.count, tally.messages], [sorted[0], model.size, model.size]);
      assert.equal(
        index.bytes,
        [...model.values()].reduce((sum, { size }) => sum + size, 0),
      );
    }),
    { numRuns: 60, seed: 42 },
  );
});

test("what is not there is not there", () => {
  const index = new MessageIndex({ messages: 0 });
  assert.equal(index.at(1), undefined);
  assert.equal(index.remove(1), undefined);
  index.put(5, entry(0));
  assert.deepEqual([index.has(4), index.has(5), index.has(6), index.has(5_000)], [false, true, false, false]);
});
