import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Handler } from "@cantle/core";
import { failure, fixture, reply, silence, things, withCode } from "./fixture.ts";
import { outbound } from "./outbound.ts";
import { runInTransaction } from "./transaction-scope.ts";

const { read, make } = things.operations;

/** Answers each call with the next of these, the last one for ever. */
function script(...answers: Handler[]): Handler & { calls: number } {
  const state = { calls: 0 };
  const next: Handler = (call) => (answers[Math.min(state.calls++, answers.length - 1)] as Handler)(call);
  return Object.defineProperty(next, "calls", { get: () => state.calls }) as Handler & { calls: number };
}

test("a call goes to the service and its reply comes back", async () => {
  const { host, serve, call } = fixture();
  serve({ a: () => reply("hello") });
  assert.deepEqual(await outbound(read, host)(call("read")), { kind: "value", value: "hello" });
});

test("an idempotent call that broke is sent again, to another endpoint", async () => {
  const { host, serve, call, clock } = fixture();
  const broken = script(() => failure("UNREACHABLE"));
  const well = script(() => reply("b"));
  serve({ a: broken, b: well });
  for (let round = 0; round < 5; round++) {
    const answer = outbound(read, host)(call("read"));
    await clock.advance(2_000);
    assert.equal(((await answer) as { value: unknown }).value, "b");
  }
  assert.equal(well.calls, 5);
});

test("a call that may have had its effect is not repeated; one that was certainly not entered is", async () => {
  const { host, serve, call, clock } = fixture();
  const broken = script(() => failure("UNREACHABLE"));
  serve({ a: broken });
  await assert.rejects(outbound(make, host)(call("make")), withCode("UNREACHABLE"));
  assert.equal(broken.calls, 1);
  const refused = script(
    () => failure("DRAINING"),
    () => reply("done"),
  );
  serve({ b: refused });
  const answer = outbound(make, host)(call("make"));
  await clock.advance(5_000);
  assert.deepEqual(await answer, { kind: "value", value: "done", retried: true });
});

test("a call with an idempotency key is repeated where every endpoint keeps keys, and only there", async () => {
  for (const [b, repeated] of [
    [true, true],
    [false, false],
  ] as const) {
    const { host, serve, call, clock } = fixture();
    const broken = script(
      () => failure("UNREACHABLE"),
      () => reply("done"),
    );
    serve({ a: broken, b: broken }, { a: { keepsKeys: true }, b: { keepsKeys: b } });
    const answer = outbound(make, host)(call("make", { id: "1" }, { idempotencyKey: "k" })).catch(({ code }) => code);
    await clock.advance(5_000);
    assert.deepEqual(await answer, repeated ? { kind: "value", value: "done", retried: true } : "UNREACHABLE");
  }
});

test("what a hop below has already retried is final, and what was retried here says so", async () => {
  const { host, serve, call, clock } = fixture();
  const below = script(() => failure("OVERLOADED", true));
  serve({ a: below });
  await assert.rejects(outbound(read, host)(call("read")), withCode("OVERLOADED"));
  assert.equal(below.calls, 1);
  const busy = script(() => failure("OVERLOADED"));
  serve({ b: busy });
  const answer = assert.rejects(
    outbound(read, host)(call("read")),
    (error: CantleError) => error.code === "OVERLOADED" && error.retried,
  );
  await clock.advance(1_000);
  await answer;
  assert.equal(busy.calls, 3, "the first attempt and retriesMax = 2 more");
});

test("a deadline bounds all attempts together, and a callee that never answers", async () => {
  const { host, serve, call, clock } = fixture({ "things.read": { timeoutMs: 200 } });
  serve({ a: silence });
  const answer = assert.rejects(outbound(read, host)(call("read")), withCode("DEADLINE_EXCEEDED"));
  await clock.advance(199);
  await clock.advance(12);
  await answer;
});

test("a call whose deadline has passed is not sent", async () => {
  const { host, serve, call, clock } = fixture();
  const untouched = script(() => reply("x"));
  serve({ a: untouched });
  await clock.advance(100);
  await assert.rejects(outbound(read, host)(call("read", {}, { deadlineMs: 50 })), withCode("DEADLINE_EXCEEDED"));
  assert.equal(untouched.calls, 0);
});

test("a policy shortens a timeout and never lengthens it", async () => {
  const { host, serve, call, clock } = fixture({ "*": { timeoutMs: 60_000 } });
  serve({ a: silence });
  const answer = assert.rejects(outbound(read, host)(call("read")), withCode("DEADLINE_EXCEEDED"));
  await clock.advance(10_020);
  await answer;
});

test("a call waits for an instance that is starting", async () => {
  const { host, serve, call, clock } = fixture();
  serve({ a: "starting" });
  const answer = outbound(read, host)(call("read"));
  await clock.advance(3_000);
  serve({ a: () => reply("up") });
  assert.deepEqual(await answer, { kind: "value", value: "up" });
});

test("after a wait in vain further calls fail at once, until the view changes", async () => {
  const { host, serve, call, clock } = fixture();
  const send = outbound(read, host);
  serve({ a: "draining" });
  const first = assert.rejects(send(call("read")), withCode("UNAVAILABLE"));
  await clock.advance(5_100);
  await first;
  await assert.rejects(send(call("read")), withCode("UNAVAILABLE"));
  serve({ b: () => reply("back") });
  assert.deepEqual(await send(call("read")), { kind: "value", value: "back" });
});

test("an endpoint whose connection failed leaves the pool at once and comes back", async () => {
  const { host, serve, call, clock } = fixture({ "*": { retriesMax: 0 } });
  const flaky = script(
    () => failure("CONNECT_FAILED"),
    () => reply("a"),
  );
  serve({ a: flaky, b: () => reply("b") });
  const send = outbound(make, host);
  const values: unknown[] = [];
  for (let round = 0; round < 40; round++)
    values.push(
      await send(call("make")).then(
        (answer) => (answer as { value: unknown }).value,
        (error) => error.code,
      ),
    );
  assert.equal(values.filter((value) => value === "CONNECT_FAILED").length, 1);
  assert.equal(flaky.calls, 1);
  await clock.advance(1_100);
  for (let round = 0; round < 40; round++) await send(call("make"));
  assert.ok(flaky.calls > 1);
});

test("of two endpoints the one with fewer calls in flight is chosen", async () => {
  const { host, serve, call } = fixture({ "*": { slowStartMs: 0 } });
  const stuck = script(silence);
  const quick = script(() => reply("quick"));
  const send = outbound(read, host);
  serve({ a: stuck });
  void send(call("read")).catch(() => {});
  serve({ a: stuck, b: quick });
  for (let round = 0; round < 50; round++) await send(call("read"));
  assert.equal(stuck.calls, 1);
});

test("a cancelled call ends at once and is not repeated", async () => {
  const { host, serve, call } = fixture();
  const stuck = script(silence);
  serve({ a: stuck });
  const one = call("read");
  const answer = assert.rejects(outbound(read, host)(one), withCode("CANCELLED"));
  one.cancel(new CantleError("CANCELLED", "gone"));
  await answer;
  assert.equal(stuck.calls, 1);
});

test("a call inside a transaction is refused before anything is sent", async () => {
  const { host, serve, call } = fixture();
  const untouched = script(() => reply("x"));
  serve({ a: untouched });
  const send = outbound(read, host);
  await assert.rejects(
    runInTransaction(async () => send(call("read"))),
    withCode("CALL_IN_TRANSACTION"),
  );
  assert.equal(untouched.calls, 0);
  await send(call("read"));
});
