import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { DummyDriver } from "kysely";
import { closeWaitMaxMs, Gate, Lease } from "./gate.ts";

test("closing waits for what has a connection, and refuses what is new", async () => {
  const gate = new Gate(new DummyDriver());
  const hold = Promise.withResolvers<string>();
  const using = gate.provideConnection(() => hold.promise);
  const closing = gate.close(virtualClock());
  await assert.rejects(
    gate.provideConnection(async () => {}),
    { code: "DRAINING" },
  );
  hold.resolve("done");
  assert.equal(await using, "done");
  assert.equal(await closing, true);
});

test("closing gives up after closeWaitMaxMs", async () => {
  const clock = virtualClock();
  const gate = new Gate(new DummyDriver());
  const hold = Promise.withResolvers<void>();
  const using = gate.provideConnection(() => hold.promise);
  let idle: boolean | undefined;
  const closing = gate.close(clock).then((answer) => {
    idle = answer;
  });
  await clock.advance(closeWaitMaxMs - 1);
  assert.equal(idle, undefined);
  await clock.advance(1);
  await closing;
  assert.equal(idle, false);
  hold.resolve();
  await using;
});

test("a connection is given back when its user throws", async () => {
  const gate = new Gate(new DummyDriver());
  const oops = new RangeError("oops");
  await assert.rejects(
    gate.provideConnection(() => Promise.reject(oops)),
    oops,
  );
  assert.equal(await gate.close(virtualClock()), true);
});

test("a lease refuses everything after its end", async () => {
  const lease = new Lease(await new DummyDriver().acquireConnection());
  assert.equal(await lease.provideConnection(async () => "used"), "used");
  lease.end();
  await assert.rejects(
    lease.provideConnection(async () => "used"),
    /has ended/,
  );
});
