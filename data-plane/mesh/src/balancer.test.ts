import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { type Balancing, balancerOf, type Candidate } from "./balancer.ts";
import { fixture } from "./fixture.ts";
import { Latency } from "./latency.ts";

const rounds = 2_000;
const longAgo = Number.NEGATIVE_INFINITY;

function candidate(id: string, more: Partial<Candidate> & { tookMs?: number } = {}): Candidate {
  const { tookMs, ...rest } = more;
  const latency = new Latency();
  if (tookMs !== undefined) latency.answered(tookMs, 0);
  return { id, inFlight: 0, sinceMs: longAgo, latencies: [latency], ...rest };
}

/** The share of calls that each candidate gets. */
function shares(balancing: Balancing, candidates: readonly Candidate[], nowMs = 0): Record<string, number> {
  const balance = balancerOf(balancing, { slot: 0, random: seededRandom(7), slowStartMs: 10_000 });
  const { call } = fixture();
  const counts = Object.fromEntries(candidates.map(({ id }) => [id, 0]));
  for (let round = 0; round < rounds; round++) {
    const { id } = balance(candidates, call("read", { id: `${round}` }), nowMs);
    counts[id] = (counts[id] as number) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([id, count]) => [id, count / rounds]));
}
const near = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual as number) - expected) < 0.05, `${actual} is not about ${expected}`);

test("idle endpoints share evenly, also when one is a little faster", () => {
  const even = shares("least-loaded", [candidate("a", { tookMs: 10 }), candidate("b", { tookMs: 11 }), candidate("c")]);
  for (const share of Object.values(even)) near(share, 1 / 3);
});

test("latencies under a millisecond are all the same", () => {
  const both = shares("least-loaded", [candidate("a", { tookMs: 0.01 }), candidate("b", { tookMs: 0.9 })]);
  near(both["a"], 0.5);
});

test("of two the less loaded is taken: fewer in flight, or faster, or the better product of both", () => {
  assert.equal(shares("least-loaded", [candidate("a", { inFlight: 5 }), candidate("b", { inFlight: 2 })])["b"], 1);
  assert.equal(shares("least-loaded", [candidate("a", { tookMs: 90 }), candidate("b", { tookMs: 9 })])["b"], 1);
  const busyButFast = candidate("a", { inFlight: 3, tookMs: 2 });
  assert.equal(shares("least-loaded", [busyButFast, candidate("b", { inFlight: 0, tookMs: 90 })])["a"], 1);
});

test("the slowest of three is never taken, the others share", () => {
  const three = shares("least-loaded", [candidate("a"), candidate("b"), candidate("c", { inFlight: 50 })]);
  assert.equal(three["c"], 0);
  near(three["a"], 0.5);
});

test("the latency of another operation does not count", () => {
  const slow = new Latency();
  slow.answered(5_000, 0);
  const both = shares("least-loaded", [candidate("a", { latencies: [undefined, slow] }), candidate("b")]);
  near(both["a"], 0.5);
});

test("a new endpoint gets a tenth of its share, then more and more", () => {
  const at = (nowMs: number) =>
    shares("least-loaded", [candidate("old"), candidate("new", { sinceMs: 0 })], nowMs)["new"];
  near(at(0), 0.05);
  near(at(5_000), 0.25);
  near(at(10_000), 0.5);
});

test("one that was called and says nothing is not taken, not even beside a new one", () => {
  const silent = new Latency();
  silent.answered(1, 0);
  silent.asked(0);
  const [before, after] = [50, 500].map((nowMs) =>
    shares("least-loaded", [candidate("old", { latencies: [silent] }), candidate("new", { sinceMs: 0 })], nowMs),
  );
  assert.ok((before?.["old"] as number) > 0.5);
  assert.equal(after?.["old"], 0);
});

test("when all are new they share evenly", () => {
  near(shares("least-loaded", [candidate("a", { sinceMs: 0 }), candidate("b", { sinceMs: 0 })])["a"], 0.5);
});

test("round robin takes each in turn", () => {
  assert.deepEqual(
    Object.values(shares("round-robin", [candidate("a", { inFlight: 9 }), candidate("b")])).map((share) =>
      share.toFixed(2),
    ),
    ["0.50", "0.50"],
  );
});

test("a hash sends a key to the same endpoint, and moves only the keys of one that left", () => {
  const pool = ["a", "b", "c", "d"].map((id) => candidate(id));
  const balance = balancerOf({ hashBy: "input.id" }, { slot: 0, random: seededRandom(1), slowStartMs: 0 });
  const { call } = fixture();
  const placed = (candidates: Candidate[]) =>
    Array.from({ length: 400 }, (_, key) => balance(candidates, call("read", { id: `k${key}` }), 0).id);
  const [before, again] = [placed(pool), placed([...pool].reverse())];
  assert.deepEqual(before, again);
  const after = placed(pool.filter(({ id }) => id !== "b"));
  for (const [key, id] of before.entries()) if (id !== "b") assert.equal(after[key], id);
  for (const { id } of pool) near(before.filter((each) => each === id).length / 400, 0.25);
});

test("a key moves on from an endpoint that has more than its share in flight, and back", () => {
  const pool = ["a", "b"].map((id) => ({ ...candidate(id), inFlight: 0 }));
  const balance = balancerOf({ hashBy: "input.id" }, { slot: 0, random: seededRandom(1), slowStartMs: 0 });
  const { call } = fixture();
  const home = balance(pool, call("read", { id: "hot" }), 0);
  home.inFlight = 40;
  assert.notEqual(balance(pool, call("read", { id: "hot" }), 0).id, home.id);
  home.inFlight = 0;
  assert.equal(balance(pool, call("read", { id: "hot" }), 0).id, home.id);
});

test("a call without the key, or with one only its prototype has, is balanced by load", () => {
  const pool = [candidate("a", { inFlight: 9 }), candidate("b")];
  for (const hashBy of ["caller", "baggage.tenant", "input.constructor", "input.missing"] as const)
    assert.equal(shares({ hashBy }, pool)["b"], 1);
});
