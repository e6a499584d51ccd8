import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CallTable } from "./call-table.ts";

test("a call table answers as a Map does, whatever is added and deleted in whatever order", () => {
  const id = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }).map((n) => n * 64 + 7),
    fc.nat(2 ** 32 - 1),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { minLength: 50, maxLength: 300, size: "max" }), (steps) => {
      const table = new CallTable<{ id: number }>();
      const map = new Map<number, { id: number }>();
      for (const [add, id] of steps) {
        if (add && !map.has(id)) {
          const call = { id };
          map.set(id, call);
          table.add(call);
        } else assert.equal(table.delete(id), map.delete(id));
        assert.equal(table.size, map.size);
      }
      for (const [, id] of steps) assert.equal(table.get(id), map.get(id));
      const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
      assert.deepEqual(table.list().sort(byId), [...map.values()].sort(byId));
    }),
  );
});
