import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DeliveryState, failuresMax, type Held, ranks } from "./delivery-state.ts";

const leaseMs = 100;
const failure = { code: "INTERNAL", message: "no", at: "2026-01-01T00:00:00.000Z" };
const gone = { ...failure, code: "CONSUMER_GONE" };
const take = (state: DeliveryState, nowMs = 0): Held => state.take(nowMs + leaseMs) as Held;
const order = (state: DeliveryState): number[] => {
  const taken: number[] = [];
  for (let held = state.take(leaseMs); held !== undefined; held = state.take(leaseMs)) taken.push(held.sequence);
  return taken;
};

describe("what is given next", () => {
  test("is the oldest of the highest rank", () => {
    const state = new DeliveryState();
    state.add(1, { rank: ranks.low });
    state.add(2);
    state.add(3, { rank: ranks.high });
    state.add(4, { rank: ranks.high });
    state.add(5);
    assert.deepEqual(order(state), [3, 4, 2, 5, 1]);
  });

  test("is what was given back, in its old place", () => {
    const state = new DeliveryState();
    for (const sequence of [1, 2, 3, 4]) state.add(sequence);
    const [one, two] = [take(state), take(state)];
    assert.ok(state.giveBack(two) && state.giveBack(one));
    assert.deepEqual(order(state), [1, 2, 3, 4]);
  });

  test("takes turns between a backlog and what came due, so that neither waits for the end of the other", () => {
    const state = new DeliveryState();
    for (let sequence = 1; sequence <= 6; sequence++) state.add(sequence);
    for (const _ of [1, 2]) state.retry(take(state), 10, failure);
    state.awaken(9);
    assert.equal(state.delayedCount, 2);
    state.awaken(10);
    assert.deepEqual(order(state), [1, 3, 2, 4, 5, 6]);
  });

  test("is nobody behind a message with its key, whatever becomes of that one, until it is gone", () => {
    const state = new DeliveryState();
    state.add(1, { lane: 7 });
    state.add(2, { lane: 7 });
    state.add(3);
    const one = take(state);
    state.finish(take(state));
    assert.deepEqual([order(state), state.behindCount, state.readyCount], [[], 1, 0]);
    state.retry(one, 10, failure);
    assert.deepEqual(order(state), []);
    state.awaken(10);
    const again = take(state);
    assert.deepEqual([again.sequence, again.attempt], [1, 2]);
    state.expire(leaseMs, gone);
    state.giveBack(take(state));
    state.finish(take(state));
    assert.deepEqual(order(state), [2]);
  });

  test("waits for its moment, also when it has a key", () => {
    const state = new DeliveryState();
    state.add(1, { lane: 7, notBeforeMs: 50 });
    state.add(2, { lane: 7 });
    assert.deepEqual([order(state), state.dueAtMs], [[], 50]);
    state.awaken(50);
    assert.deepEqual([order(state), state.dueAtMs], [[1], Number.POSITIVE_INFINITY]);
  });
});

describe("a message in hand", () => {
  test("is ended once, and by whoever has it now", () => {
    const state = new DeliveryState();
    state.add(1);
    const late = take(state);
    assert.deepEqual(state.expire(leaseMs - 1, gone), []);
    assert.deepEqual(state.expire(leaseMs, gone), [late]);
    const now = take(state, leaseMs);
    assert.deepEqual(
      [
        state.finish(late),
        state.retry(late, 0, failure),
        state.giveBack(late),
        state.extend(late, 1e9),
        state.has(late),
      ],
      [false, false, false, false, false],
    );
    assert.deepEqual([now.attempt, now.failures], [2, [gone]]);
    assert.deepEqual([state.finish(now), state.finish(now), state.count], [true, false, 0]);
    assert.equal(state.triedOf(1).attempts, 0);
  });

  test("stays for as long as its lease is extended", () => {
    const state = new DeliveryState();
    state.add(1);
    const held = take(state);
    state.extend(held, 500);
    assert.deepEqual([state.expire(499, gone), state.leaseOverAtMs()], [[], 500]);
    assert.deepEqual(state.expire(500, gone), [held]);
  });

  test("remembers its latest failures, and how often it was tried before this run", () => {
    const state = new DeliveryState();
    state.add(1, { tried: { attempts: 5, failures: [gone] } });
    assert.deepEqual([take(state).attempt, state.heldCount], [6, 1]);
    state.expire(leaseMs, failure);
    for (let time = 0; time < failuresMax; time++) {
      state.retry(take(state), 0, failure);
      state.awaken(0);
    }
    const { attempt, failures } = take(state);
    assert.deepEqual([attempt, failures.length, failures.includes(gone)], [7 + failuresMax, failuresMax, false]);
  });
});

test("purging forgets all but what is in hand, and those behind it", () => {
  const state = new DeliveryState();
  state.add(1, { lane: 7 });
  state.add(2, { lane: 7 });
  state.add(3, { lane: 8 });
  state.add(4);
  state.add(5, { notBeforeMs: 10 });
  const held = take(state);
  assert.deepEqual([...state.purge()].sort(), [2, 3, 4, 5]);
  assert.deepEqual([state.count, state.heldCount], [1, 1]);
  state.add(6, { lane: 8 });
  state.add(7, { lane: 7 });
  assert.deepEqual(order(state), [6]);
  state.finish(held);
  assert.deepEqual(order(state), [7]);
});

test("a million waiting messages are flat numbers", () => {
  const state = new DeliveryState();
  const beforeBytes = process.memoryUsage().arrayBuffers;
  for (let sequence = 1; sequence <= 1_000_000; sequence++) state.add(sequence);
  // Eight bytes each, at most doubled, and at most as much again that is not yet collected.
  const grownBytes = process.memoryUsage().arrayBuffers - beforeBytes;
  assert.ok(grownBytes > 0 && grownBytes <= 32 * 1024 * 1024, `${grownBytes} bytes`);
  assert.deepEqual([state.waitingCount, take(state).sequence], [1_000_000, 1]);
});

/** One step of a random life. */
type Step = {
  readonly kind: "add" | "take" | "finish" | "retry" | "back" | "extend" | "pass";
  readonly number: number;
};
const step = fc.record<Step>({
  kind: fc.constantFrom("add", "add", "take", "take", "finish", "retry", "back", "extend", "pass"),
  number: fc.nat(1_000),
});

test("whatever happens, nothing is lost, nothing is in two hands, and keys keep their order", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), live), { numRuns: 300 });
});

function live(steps: readonly Step[]): void {
  const state = new DeliveryState();
  const laneOfSequence = new Map<number, number>();
  const held: Held[] = [];
  const finished: number[] = [];
  let [sequence, nowMs] = [0, 0];
  const pick = (number: number) => held.splice(number % Math.max(1, held.length), 1)[0];
  for (const { kind, number } of steps) {
    const one = ["finish", "retry", "back", "extend"].includes(kind) ? pick(number) : undefined;
    if (kind === "add") {
      const lane = number % 4;
      laneOfSequence.set(++sequence, lane);
      state.add(sequence, { lane, notBeforeMs: number % 5 === 0 ? nowMs + (number % 50) : undefined });
    } else if (kind === "take") {
      const given = state.take(nowMs + leaseMs);
      if (given !== undefined) held.push(given);
    } else if (kind === "pass") {
      nowMs += number % 60;
      state.awaken(nowMs);
      for (const lost of state.expire(nowMs, gone)) held.splice(held.indexOf(lost), 1);
    } else if (one !== undefined) {
      if (kind === "finish" && state.finish(one)) finished.push(one.sequence);
      if (kind === "retry") assert.ok(state.retry(one, nowMs + (number % 80), failure));
      if (kind === "back") assert.ok(state.giveBack(one));
      if (kind === "extend" && state.extend(one, nowMs + 200)) held.push(one);
    }
    check(state, { held, finished, laneOfSequence });
  }
}

function check(
  state: DeliveryState,
  { held, finished, laneOfSequence }: { held: Held[]; finished: number[]; laneOfSequence: Map<number, number> },
): void {
  const there = [...state.sequences()];
  assert.equal(there.length, state.count);
  assert.deepEqual(
    [...there, ...finished].sort((a, b) => a - b),
    [...laneOfSequence.keys()],
  );
  assert.equal(state.heldCount, held.length);
  const lanes = held.map(({ sequence }) => laneOfSequence.get(sequence)).filter((lane) => lane !== 0);
  assert.equal(new Set(lanes).size, lanes.length);
  for (const lane of [1, 2, 3]) {
    const ends = finished.filter((sequence) => laneOfSequence.get(sequence) === lane);
    assert.deepEqual(
      ends,
      [...ends].sort((a, b) => a - b),
    );
  }
}
