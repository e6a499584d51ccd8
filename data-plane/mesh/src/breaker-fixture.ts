/** A breaker for tests, with a time of its own. */
import assert from "node:assert/strict";
import { Breaker, type BreakerPolicy, type Outcome } from "./breaker.ts";

const base: BreakerPolicy = {
  failuresMax: 0,
  failureRatioMax: 0.5,
  slowMs: Number.POSITIVE_INFINITY,
  slowRatioMax: 1,
  windowMs: 10_000,
  windowCalls: 0,
  callsMin: 10,
  openMs: 1_000,
  openMsMax: 8_000,
  probesMax: 3,
  probeMs: 500,
};

/** A breaker with a time of its own. */
export function bench(more: Partial<BreakerPolicy> = {}) {
  const told: string[] = [];
  const breaker = new Breaker({ ...base, ...more }, (state, why) => told.push(`${state}: ${why}`));
  let nowMs = 0;
  const one = (outcome: Outcome, tookMs = 0) => {
    const ticket = breaker.ask(nowMs);
    if (ticket === 0) return false;
    breaker.ended(ticket, outcome, { startMs: nowMs, nowMs: nowMs + tookMs });
    return true;
  };
  return {
    breaker,
    told,
    one,
    /** Makes calls that end at once; how many were let through. */
    calls: (times: number, outcome: Outcome, tookMs = 0) =>
      Array.from({ length: times }, () => one(outcome, tookMs)).filter(Boolean).length,
    /** Asks and does not end. */
    ask: () => breaker.ask(nowMs),
    end: (ticket: number, outcome: Outcome, startMs = nowMs) => breaker.ended(ticket, outcome, { startMs, nowMs }),
    pass: (ms: number) => {
      nowMs += ms;
    },
    get now() {
      return nowMs;
    },
    get state() {
      return breaker.state.kind;
    },
  };
}

/** One that has just opened. */
export function opened(more: Partial<BreakerPolicy> = {}) {
  const made = bench(more);
  made.calls(10, "failure");
  assert.equal(made.state, "open");
  return made;
}
