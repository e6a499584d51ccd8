/** A call's time is looked up once on its way, so whatever holds a call up has to say what time it has become. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Handler } from "@cantle/core";
import { after, fixture, reply, things } from "./fixture.ts";
import { outbound } from "./outbound.ts";
import type { Policy } from "./policy.ts";

/** Endpoints that look at the clock and at the time that a call says. */
function watched(policy: Policy) {
  const it = fixture({ "*": policy });
  const heldMs: number[] = [];
  const looks =
    (answer: Handler): Handler =>
    (call) => {
      assert.equal(call.atMs, it.clock.nowMs());
      heldMs.push(call.atMs);
      return answer(call);
    };
  return { ...it, heldMs, looks, send: outbound(things.operations.read, it.host) };
}
const ok: Handler = () => reply("ok");

test("in the queue of a bulkhead", async () => {
  const it = watched({ bulkhead: { concurrentMax: 1, queueMax: 1 } });
  it.serve({ a: it.looks(after(it.clock, 100)) });
  const both = [it.send(it.call("read")), it.send(it.call("read"))];
  await it.clock.advance(200);
  await Promise.all(both);
  assert.deepEqual(it.heldMs, [0, 100]);
});

test("before it is sent again", async () => {
  const it = watched({});
  const busy = () => Promise.reject(new CantleError("OVERLOADED", "busy", { retryAfterSeconds: 1 }));
  it.serve({ a: it.looks((call) => (it.heldMs.length === 1 ? busy() : ok(call))) });
  const answer = it.send(it.call("read", {}, { deadlineMs: 10_000 }));
  await it.clock.advance(2_000);
  await answer;
  assert.ok(it.heldMs.length === 2 && (it.heldMs[1] as number) >= 1_000);
});

test("by a delay on purpose", async () => {
  const it = watched({ faults: [{ ratio: 1, delayMs: 100 }] });
  it.serve({ a: it.looks(ok) });
  const answer = it.send(it.call("read"));
  await it.clock.advance(100);
  await answer;
  assert.deepEqual(it.heldMs, [100]);
});

test("while there is no endpoint", async () => {
  const it = watched({});
  const answer = it.send(it.call("read"));
  await it.clock.advance(70);
  it.serve({ a: it.looks(ok) });
  await answer;
  assert.deepEqual(it.heldMs, [70]);
});

test("before a second attempt is sent beside the first", async () => {
  const it = watched({ hedge: { afterMs: 50 } });
  it.serve({ a: it.looks(after(it.clock, 500)) });
  const answer = it.send(it.call("read"));
  it.serve({ a: ok, b: it.looks(ok) });
  await it.clock.advance(60);
  await answer;
  assert.deepEqual(it.heldMs, [0, 50]);
});

for (const hedge of [false, { afterMs: 5_000 }] as const)
  test(`and while it was away${hedge ? " on an attempt of its own" : ""}: its reply is remembered by when it came`, async () => {
    const it = watched({ fallback: { last: true, ageMsMax: 1_000 }, breaker: false, retriesMax: 0, hedge });
    it.serve({ a: after(it.clock, 600) });
    const first = it.send(it.call("read"));
    await it.clock.advance(600);
    await first;
    it.serve({ b: () => Promise.reject(new CantleError("INTERNAL", "no")) });
    await it.clock.advance(900);
    assert.equal((await it.send(it.call("read"))).fallback, "last");
  });

test("a reply is remembered for the input as it was sent, whatever its caller makes of it meanwhile", async () => {
  const it = watched({ fallback: { last: true }, breaker: false, retriesMax: 0 });
  it.serve({ a: ok });
  const input = { id: "1" };
  const answer = it.send(it.call("read", input));
  input.id = "2";
  await answer;
  it.serve({ b: () => Promise.reject(new CantleError("INTERNAL", "no")) });
  assert.equal((await it.send(it.call("read", { id: "1" }))).fallback, "last");
  await assert.rejects(it.send(it.call("read", { id: "2" })), { code: "INTERNAL" });
});
