import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Outcome } from "./breaker.ts";
import { bench, opened } from "./breaker-fixture.ts";

// Closed

test("it begins closed and lets everything through", () => {
  const it = bench();
  assert.equal(it.calls(1_000, "success"), 1_000);
  assert.equal(it.state, "closed");
});

test("a share of failures says nothing below the smallest number of calls", () => {
  const it = bench();
  it.calls(9, "failure");
  assert.equal(it.state, "closed");
  it.one("failure");
  assert.equal(it.state, "open");
});

test("it opens at the share, not below it", () => {
  const below = bench({ windowCalls: 10 });
  below.calls(6, "success");
  below.calls(4, "failure");
  assert.equal(below.state, "closed");
  const at = bench({ windowCalls: 10 });
  at.calls(5, "success");
  at.calls(5, "failure");
  assert.equal(at.state, "open");
});

test("a good call never opens it, even when it makes the number of calls large enough", () => {
  const it = bench();
  it.calls(9, "failure");
  it.one("success");
  assert.equal(it.state, "closed");
  it.one("failure");
  assert.equal(it.state, "open");
});

test("failures in a row open it whatever the share, when they are counted", () => {
  const it = bench({ failuresMax: 3 });
  it.calls(100, "success");
  it.calls(2, "failure");
  assert.equal(it.state, "closed");
  it.one("failure");
  assert.equal(it.state, "open");
});

test("a success between them starts the row again", () => {
  const it = bench({ failuresMax: 3, failureRatioMax: 2 });
  for (let round = 0; round < 20; round++) {
    it.calls(2, "failure");
    it.one("success");
  }
  assert.equal(it.state, "closed");
});

test("what is ignored neither breaks a row nor makes one longer", () => {
  const it = bench({ failuresMax: 3 });
  it.calls(2, "failure");
  it.calls(50, "ignored");
  assert.equal(it.state, "closed");
  it.one("failure");
  assert.equal(it.state, "open");
});

test("what is ignored is no call of the share", () => {
  const it = bench();
  it.calls(5, "failure");
  it.calls(50, "ignored");
  assert.equal(it.state, "closed");
});

test("a row does not open it when rows are not counted", () => {
  const it = bench({ failureRatioMax: 2 });
  it.calls(1_000, "failure");
  assert.equal(it.state, "closed");
});

test("with a window of time, failures that are older do not count", () => {
  const it = bench();
  it.calls(9, "failure");
  it.pass(10_000);
  it.one("failure");
  assert.equal(it.state, "closed");
});

test("with a window of time, old successes do not outweigh new failures", () => {
  const it = bench();
  it.calls(1_000, "success");
  it.pass(10_000);
  it.calls(10, "failure");
  assert.equal(it.state, "open");
});

test("with a window of calls, however long ago they were does not matter", () => {
  const it = bench({ windowCalls: 10 });
  it.calls(9, "failure");
  it.pass(3_600_000);
  it.one("failure");
  assert.equal(it.state, "open");
});

test("with a window of calls, the oldest falls out for the newest", () => {
  const it = bench({ windowCalls: 10, failureRatioMax: 0.6 });
  it.calls(10, "success");
  it.calls(5, "failure");
  assert.equal(it.state, "closed");
  it.one("failure");
  assert.equal(it.state, "open");
});

test("a window of calls is full only after so many, and then is of the last ones alone", () => {
  const it = bench({ windowCalls: 10, callsMin: 10 });
  it.calls(5, "failure");
  it.calls(10, "success");
  it.calls(4, "failure");
  assert.equal(it.state, "closed");
});

// Slow calls

test("slow calls open it, although they succeed", () => {
  const it = bench({ slowMs: 100, slowRatioMax: 0.5 });
  it.calls(9, "success", 100);
  assert.equal(it.state, "closed");
  it.one("success", 100);
  assert.equal(it.state, "open");
});

test("a call is slow from the limit on, not before", () => {
  const it = bench({ slowMs: 100, slowRatioMax: 0.5 });
  it.calls(100, "success", 99);
  assert.equal(it.state, "closed");
});

test("a slow failure is both a failure and slow", () => {
  const it = bench({ slowMs: 100, slowRatioMax: 0.5, failureRatioMax: 2 });
  it.calls(10, "failure", 100);
  assert.equal(it.state, "open");
});

test("without a limit no call is slow", () => {
  const it = bench();
  it.calls(100, "success", 3_600_000);
  assert.equal(it.state, "closed");
});

// Open

test("open, it lets nothing through until its time is over", () => {
  const it = opened();
  assert.equal(it.calls(50, "success"), 0);
  it.pass(999);
  assert.equal(it.ask(), 0);
  it.pass(1);
  assert.notEqual(it.ask(), 0);
});

test("nobody asking, it stays open: it needs no timer", () => {
  const it = opened();
  it.pass(3_600_000);
  assert.equal(it.state, "open");
});

test("what was let through before it opened and fails after does not prolong it", () => {
  const it = bench();
  const late = Array.from({ length: 20 }, () => it.ask());
  it.calls(10, "failure");
  it.pass(900);
  for (const ticket of late) it.end(ticket, "failure", 0);
  it.pass(100);
  assert.notEqual(it.ask(), 0);
});

test("what was let through before it opened and succeeds after does not close it", () => {
  const it = bench();
  const late = it.ask();
  it.calls(10, "failure");
  it.end(late, "success", 0);
  assert.equal(it.state, "open");
});

test("each time in a row it stays open twice as long, up to the most", () => {
  const it = opened({ probesMax: 1 });
  const openFor: number[] = [];
  for (let round = 0; round < 6; round++) {
    const { state } = it.breaker;
    openFor.push(state.kind === "open" ? state.untilMs - it.now : 0);
    it.pass(openFor.at(-1) as number);
    it.one("failure");
  }
  assert.deepEqual(openFor, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test("once it closed, the next time is as short as the first", () => {
  const it = opened({ probesMax: 1 });
  it.pass(1_000);
  it.one("failure");
  it.pass(2_000);
  it.one("success");
  it.calls(10, "failure");
  it.pass(1_000);
  assert.notEqual(it.ask(), 0);
});

// Steered

test("forced open, it lets nothing through for ever", () => {
  const it = bench();
  it.breaker.steer("open");
  it.pass(3_600_000);
  assert.equal(it.calls(10, "success"), 0);
});

test("switched off, it lets everything through and learns nothing", () => {
  const it = bench();
  it.breaker.steer("off");
  assert.equal(it.calls(100, "failure"), 100);
  it.breaker.steer("auto");
  it.calls(9, "failure");
  assert.equal(it.state, "closed");
});

test("released, it begins closed and as if nothing had been", () => {
  const it = opened();
  it.breaker.steer("open");
  it.breaker.steer("auto");
  assert.equal(it.calls(9, "failure"), 9);
});

test("what is under way while it is steered says nothing afterwards", () => {
  const it = bench();
  const before = Array.from({ length: 20 }, () => it.ask());
  it.breaker.steer("off");
  it.breaker.steer("auto");
  for (const ticket of before) it.end(ticket, "failure");
  assert.equal(it.state, "closed");
});

test("it tells what it is like: its state and why, and the calls of its window", () => {
  const it = bench({ slowMs: 100 });
  assert.deepEqual(it.breaker.facts(it.now), { state: "closed", why: "", calls: 0, failures: 0, slow: 0 });
  it.calls(4, "success");
  it.calls(1, "success", 200);
  it.calls(5, "failure");
  const open = { state: "open", why: "5 of 10 calls failed", calls: 10, failures: 5, slow: 1 };
  assert.deepEqual(it.breaker.facts(it.now), { ...open, openForMs: 1_000 });
  it.pass(400);
  assert.deepEqual(it.breaker.facts(it.now), { ...open, openForMs: 600 });
  it.pass(5_000);
  assert.equal(it.breaker.facts(it.now).openForMs, 0, "its time is over, and nobody has asked");
  it.breaker.steer("off");
  assert.deepEqual([it.breaker.facts(it.now).state, it.breaker.facts(it.now).why], ["disabled", "forced"]);
});

// Told

test("each change of state is told, with its reason", () => {
  const it = opened();
  it.pass(1_000);
  it.calls(2, "failure");
  it.pass(2_000);
  it.calls(3, "success");
  assert.deepEqual(it.told, [
    "open: 10 of 10 calls failed",
    "half-open: its time is over",
    "open: 2 of 3 probes failed",
    "half-open: its time is over",
    "closed: the probes went well",
  ]);
});

test("whatever happens, half-open never has more probes out than allowed, and a breaker never stays shut for good", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(2_000) }),
    fc.record({ kind: fc.constant("ask" as const) }),
    fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(20),
      outcome: fc.constantFrom<Outcome>("success", "failure", "ignored"),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const it = bench({ callsMin: 3, failuresMax: 4 });
      const out: { ticket: number; startMs: number }[] = [];
      for (const each of steps) {
        if (each.kind === "pass") it.pass(each.ms);
        if (each.kind === "ask") {
          const ticket = it.ask();
          if (ticket !== 0) out.push({ ticket, startMs: it.now });
        }
        if (each.kind === "end" && out.length > 0) {
          const [ended] = out.splice(each.which % out.length, 1);
          if (ended) it.end(ended.ticket, each.outcome, ended.startMs);
        }
        const { state } = it.breaker;
        if (state.kind === "half-open") assert.ok(state.running.length <= 3);
      }
      // Whatever hangs: with time and good answers it closes.
      for (let round = 0; round < 20 && it.state !== "closed"; round++) {
        it.pass(10_000);
        it.calls(3, "success");
      }
      assert.equal(it.state, "closed");
    }),
  );
});
