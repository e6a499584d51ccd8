import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Handler, type Reply } from "@cantle/core";
import type { Note } from "@cantle/telemetry";
import { breakersOf } from "./breakers.ts";
import { after, failure, fixture, reply, silence, things, withCode } from "./fixture.ts";
import { outbound } from "./outbound.ts";
import type { Policies, Policy } from "./policy.ts";

const { read, make } = things.operations;

/** One endpoint whose answer can be changed, and what is noted. */
function mesh(policy: Policy, answer: Handler) {
  const made = fixture({ "*": policy });
  const state = { answer, calls: 0 };
  made.serve({
    a: (call) => {
      state.calls++;
      return state.answer(call);
    },
  });
  const notes: Note[] = [];
  const host = { ...made.host, observer: { ended() {}, noted: (note: Note) => void notes.push(note) } };
  return { ...made, host, state, notes, send: outbound(read, host) };
}
const breaker = { callsMin: 4, openMs: 1_000, probesMax: 2 };
const bad: Handler = () => failure("INTERNAL");
const ok: Handler = () => reply("ok");
/** So many calls at once, and how they ended: `OK` or a code. */
const together = (many: number, send: () => Promise<Reply>) =>
  Promise.all(
    Array.from({ length: many }, () =>
      send().then(
        () => "OK",
        (error: CantleError) => error.code,
      ),
    ),
  );

test("what keeps failing is not called for a while, and then tried again", async () => {
  const { send, call, state, clock, notes } = mesh({ breaker, retriesMax: 0 }, bad);
  for (let at = 0; at < 4; at++) await assert.rejects(send(call("read")), withCode("INTERNAL"));
  await assert.rejects(
    send(call("read")),
    (error: CantleError) => error.code === "UNAVAILABLE" && error.retried && error.retryAfterSeconds === 1,
  );
  assert.equal(state.calls, 4);
  state.answer = ok;
  await clock.advance(1_000);
  for (let at = 0; at < 5; at++) await send(call("read"));
  assert.deepEqual(
    notes.map((note) => note.kind === "breaker" && note.state),
    ["open", "half-open", "closed"],
  );
});

test("fifty calls at once at half-open make two, and a callee that hangs then does not keep it shut", async () => {
  const { send, call, state, clock } = mesh({ breaker: { ...breaker, probeMs: 300 }, retriesMax: 0 }, bad);
  for (let at = 0; at < 4; at++) await send(call("read")).catch(() => {});
  await clock.advance(1_000);
  state.answer = silence;
  const all = together(50, () => send(call("read")));
  assert.equal(state.calls, 6);
  state.answer = ok;
  await clock.advance(300);
  await assert.rejects(send(call("read")), withCode("UNAVAILABLE"));
  await clock.advance(2_000);
  for (let at = 0; at < 3; at++) await send(call("read"));
  await clock.advance(20_000);
  assert.equal((await all).filter((code) => code === "OK").length, 0);
});

test("a callee that never answers opens it: a deadline is a failure", async () => {
  const { send, call, state, clock } = mesh({ breaker, timeoutMs: 100 }, silence);
  const all = together(4, () => send(call("read")));
  await clock.advance(120);
  await all;
  await assert.rejects(send(call("read")), withCode("UNAVAILABLE"));
  assert.equal(state.calls, 4);
});

test("declared failures, refusals and calls that were cancelled do not open it", async () => {
  const gone: Handler = () => Promise.reject(new CantleError("DECLARED", "Gone", { failure: "Gone", status: 500 }));
  for (const answer of [gone, () => failure("INPUT_INVALID"), () => failure("FORBIDDEN"), () => failure("CANCELLED")]) {
    const { send, call, state } = mesh({ breaker }, answer);
    for (let at = 0; at < 20; at++) await send(call("read")).catch(() => {});
    assert.equal(state.calls, 20);
  }
});

test("retries are one call to it, and a call that a retry saved is a good one", async () => {
  const { send, call, state, clock } = mesh({ breaker }, bad);
  for (let at = 0; at < 20; at++) {
    let first = true;
    state.answer = () => {
      if (!first) return reply("ok");
      first = false;
      return failure("OVERLOADED");
    };
    const answer = send(call("read"));
    await clock.advance(2_000);
    await answer;
  }
  assert.equal(state.calls, 40);
});

test("having no endpoint says nothing of the target: when one comes it is called", async () => {
  const { send, call, serve, clock } = mesh({ breaker }, ok);
  serve({});
  const all = together(20, () => send(call("read")));
  await clock.advance(6_000);
  await all;
  serve({ a: ok });
  await send(call("read"));
});

test("who sheds is called on: a breaker would make of the few that are answered none", async () => {
  let asked = 0;
  const every5th: Handler = () => (asked++ % 5 === 0 ? reply("ok") : failure("OVERLOADED"));
  const { send, call } = mesh({ breaker, retriesMax: 0 }, every5th);
  const ended: string[] = [];
  for (let at = 0; at < 50; at++) ended.push(...(await together(1, () => send(call("read")))));
  assert.deepEqual([asked, ended.filter((each) => each === "OK").length], [50, 10]);
});

test("each operation has a breaker of its own", async () => {
  const { send, call, host, state } = mesh({ breaker }, bad);
  for (let at = 0; at < 8; at++) await send(call("read")).catch(() => {});
  state.answer = ok;
  await outbound(make, host)(call("make"));
  await assert.rejects(send(call("read")), withCode("UNAVAILABLE"));
});

test("all callers of a process share it, and it can be seen and steered", async () => {
  const { send, call, host, state } = mesh({ breaker }, bad);
  for (let at = 0; at < 8; at++) await send(call("read")).catch(() => {});
  state.answer = ok;
  const other = outbound(read, host);
  await assert.rejects(other(call("read")), withCode("UNAVAILABLE"));
  const seen = breakersOf(host).get("things.read");
  assert.equal(seen?.state.kind, "open");
  seen?.steer("auto");
  await other(call("read"));
});

test("what somebody steered stays steered when its policy changes, and a breaker that is switched off is gone", async () => {
  const made = mesh({}, ok);
  let policies: Policies = { things: { breaker } };
  const host = { ...made.host, policies: () => policies };
  const send = outbound(read, host);
  breakersOf(host).get("things.read")?.steer("open");
  policies = { things: { breaker: { ...breaker, callsMin: 9 } } };
  await assert.rejects(send(made.call("read")), withCode("UNAVAILABLE"));
  breakersOf(host).get("things.read")?.steer("auto");
  await send(made.call("read"));
  policies = { things: { breaker: false } };
  await send(made.call("read"));
  assert.equal(breakersOf(host).get("things.read"), undefined);
});

test("it can be switched off", async () => {
  const { send, call, state } = mesh({ breaker: false, retriesMax: 0 }, bad);
  for (let at = 0; at < 50; at++) await send(call("read")).catch(() => {});
  assert.equal(state.calls, 50);
});

test("a full bulkhead refuses, and one with a queue lets wait and hands on in order", async () => {
  const { send, call, state, clock } = mesh({ bulkhead: { concurrentMax: 2, queueMax: 2 } }, ok);
  state.answer = (one) => after(clock, 100)(one);
  const order: number[] = [];
  const all = Array.from({ length: 5 }, (_, at) => send(call("read")).then(() => order.push(at)));
  await assert.rejects(all[4] as Promise<number>, withCode("OVERLOADED"));
  assert.equal(state.calls, 2);
  await clock.advance(100);
  assert.equal(state.calls, 4);
  await clock.advance(100);
  await Promise.all(all.slice(0, 4));
  assert.deepEqual(order, [0, 1, 2, 3]);
});

test("who waits for a place is answered at the deadline and is not sent afterwards", async () => {
  const { send, call, state, clock } = mesh({ bulkhead: { concurrentMax: 1, queueMax: 5 }, breaker: false }, ok);
  state.answer = (one) => after(clock, 500)(one);
  const slow = send(call("read"));
  const late = assert.rejects(send(call("read", {}, { deadlineMs: 200 })), withCode("DEADLINE_EXCEEDED"));
  await clock.advance(500);
  await late;
  await slow;
  assert.equal(state.calls, 1);
  const next = send(call("read"));
  await clock.advance(500);
  await next;
});

test("a place is given back when the callee never answers", async () => {
  const { send, call, state, clock } = mesh({ bulkhead: { concurrentMax: 1 }, timeoutMs: 100 }, silence);
  const hung = assert.rejects(send(call("read")), withCode("DEADLINE_EXCEEDED"));
  await clock.advance(120);
  await hung;
  state.answer = ok;
  await send(call("read"));
});

test("a fallback answers in place of a failure, says so and is told of", async () => {
  const { send, call, notes } = mesh({ fallback: { value: { id: "none" } }, retriesMax: 0 }, bad);
  assert.deepEqual(await send(call("read")), { kind: "value", value: { id: "none" }, fallback: "value" });
  assert.deepEqual(notes, [{ kind: "fallback", operation: "things.read", with: "value", code: "INTERNAL" }]);
});

test("a fallback that is a function is given the input and the failure", async () => {
  const make = (input: unknown, { code }: CantleError) => ({ id: `${(input as { id: string }).id}, ${code}` });
  const { send, call } = mesh({ fallback: { make } }, bad);
  const answer = await send(call("read", { id: "7" }));
  assert.deepEqual(answer, { kind: "value", value: { id: "7, INTERNAL" }, fallback: "function" });
});

test("the last good reply is of the same input and the same user, and not too old", async () => {
  const { send, call, state, clock } = mesh({ fallback: { last: true, ageMsMax: 1_000 }, breaker: false }, (one) =>
    reply({ for: one.caller?.id, of: (one.payload as { value: { id: string } }).value.id }),
  );
  const ann = { id: "ann", roles: [], assertion: "" };
  await send(call("read", { id: "1" }, { caller: ann }));
  state.answer = bad;
  const again = await send(call("read", { id: "1" }, { caller: ann }));
  assert.deepEqual(again, { kind: "value", value: { for: "ann", of: "1" }, fallback: "last" });
  await assert.rejects(send(call("read", { id: "2" }, { caller: ann })), withCode("INTERNAL"));
  await assert.rejects(send(call("read", { id: "1" }, { caller: { ...ann, id: "bob" } })), withCode("INTERNAL"));
  await assert.rejects(send(call("read", { id: "1" })), withCode("INTERNAL"));
  await clock.advance(1_001);
  await assert.rejects(send(call("read", { id: "1" }, { caller: ann })), withCode("INTERNAL"));
});

test("who changes a fallback changes it for nobody else", async () => {
  for (const fallback of [{ value: { id: "none" } }, { last: true }] as const) {
    const { send, call, state } = mesh({ fallback }, () => reply({ id: "none" }));
    ((await send(call("read"))) as { value: { id: string } }).value.id = "changed";
    state.answer = bad;
    ((await send(call("read"))) as { value: { id: string } }).value.id = "changed";
    assert.deepEqual(((await send(call("read"))) as { value: unknown }).value, { id: "none" });
  }
});

test("what the caller did wrong and what the contract declares has no fallback", async () => {
  for (const code of ["INPUT_INVALID", "FORBIDDEN", "CANCELLED", "DECLARED"] as const) {
    const { send, call } = mesh({ fallback: { value: {} } }, () => failure(code));
    await assert.rejects(send(call("read")), withCode(code));
  }
});

test("a deadline that passed and an open breaker have one", async () => {
  const { send, call, clock, state } = mesh({ fallback: { value: { id: "x" } }, breaker, timeoutMs: 100 }, silence);
  const all = together(4, () => send(call("read")));
  await clock.advance(120);
  assert.deepEqual(await all, ["OK", "OK", "OK", "OK"]);
  assert.equal(((await send(call("read"))) as { fallback?: string }).fallback, "value");
  assert.equal(state.calls, 4);
});

test("a fallback that does not fit the contract is none, and the failure stays as it was", async () => {
  for (const fallback of [{ value: { id: 7 } }, { make: () => undefined }]) {
    const { send, call } = mesh({ fallback }, bad);
    await assert.rejects(send(call("read")), withCode("INTERNAL"));
  }
});

test("a fallback that throws leaves the failure as it was", async () => {
  const make = () => {
    throw new TypeError("oops");
  };
  const { send, call } = mesh({ fallback: { make } }, bad);
  await assert.rejects(send(call("read")), withCode("INTERNAL"));
});
