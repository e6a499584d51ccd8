import assert from "node:assert/strict";
import { test } from "node:test";
import { Arrivals } from "./arrivals.ts";

/** A turn of the event loop. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test("nobody waits while no connection comes", () => {
  assert.equal(new Arrivals().over(), undefined);
});

test("a request waits while connections come, and is served in the first turn without one", async () => {
  const arrivals = new Arrivals();
  const served: string[] = [];
  arrivals.came();
  void arrivals.over()?.then(() => served.push("first"));
  for (let at = 0; at < 20; at++) {
    await turn();
    arrivals.came();
    assert.deepEqual(served, []);
  }
  void arrivals.over()?.then(() => served.push("last"));
  await turn();
  await turn();
  assert.deepEqual(served, ["first", "last"]);
  assert.equal(arrivals.over(), undefined);
});

test("those who have waited are served one after the other, each as far as it gets, in that same turn", async () => {
  const arrivals = new Arrivals();
  const steps: string[] = [];
  arrivals.came();
  for (const name of ["a", "b"]) {
    void arrivals.over()?.then(async () => {
      steps.push(`${name} is let in`);
      for (let step = 0; step < 10; step++) await undefined;
      steps.push(`${name} is done`);
    });
  }
  await turn();
  await turn();
  assert.deepEqual(steps, ["a is let in", "a is done", "b is let in", "b is done"]);
});

test("connections without end do not keep a request waiting without end", async () => {
  const arrivals = new Arrivals();
  arrivals.came();
  let isServed = false;
  void arrivals.over()?.then(() => {
    isServed = true;
  });
  let turns = 0;
  for (; !isServed && turns < 10_000; turns++) {
    arrivals.came();
    await turn();
  }
  assert.ok(turns < 1_000, `${turns}`);
});
