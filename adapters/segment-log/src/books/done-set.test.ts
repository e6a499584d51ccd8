import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DoneSet } from "./done-set.ts";

const numbers = fc.array(fc.oneof(fc.nat(5_000), fc.nat(2 ** 40)), { maxLength: 300 });

test("it knows what a set would know", () => {
  fc.assert(
    fc.property(numbers, numbers, (added, removed) => {
      const done = new DoneSet();
      const model = new Set<number>();
      for (const number of added) {
        done.add(number);
        model.add(number);
      }
      for (const number of [...removed, ...added.slice(0, 50)]) assert.equal(done.remove(number), model.delete(number));
      assert.equal(done.count, model.size);
      for (const number of [...added, ...removed]) assert.equal(done.has(number), model.has(number));
    }),
    { seed: 42 },
  );
});

test("it is read as it was written", () => {
  fc.assert(
    fc.property(numbers, (added) => {
      const done = new DoneSet();
      for (const number of added) done.add(number);
      const view = new DataView(new ArrayBuffer(done.storedBytes + 16));
      done.write(view, 8);
      const read = new DoneSet();
      read.add(77_777);
      read.read(view, 8, 8 + done.storedBytes);
      assert.equal(read.count, done.count);
      for (const number of added) assert.ok(read.has(number));
    }),
    { seed: 42 },
  );
});
