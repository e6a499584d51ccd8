/**
 * An event loop with five times the calls that it can answer, in virtual time: what is taken up in one turn is served one after the
 * other, timers wait for the turn to end, and clients leave after a second. Reproducible from the seed in every title; CANTLE_SEED
 * chooses another.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type Clock, createDeadlines, newTrace, seededRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { anyone, things } from "./fixture.ts";
import { inbound } from "./inbound.ts";
import { createLoopDelay } from "./loop-delay.ts";

const seed = Number(process.env["CANTLE_SEED"] ?? 1);
const { read } = things.operations;
/** What an answer costs, and what a refusal does. */
const workMs = 5;
const refusalMs = 0.05;
const capacityPerSecond = 1_000 / workMs;
const patienceMs = 1_000;

interface Task {
  readonly atMs: number;
  readonly run: () => void | Promise<void>;
}

/** A thread: time passes only by work, and by waiting for the next thing when there is none. */
class Thread {
  nowMs = 0;
  #timers: Task[] = [];
  #events: Task[] = [];

  readonly clock: Clock = {
    wallMs: () => this.nowMs,
    nowMs: () => this.nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: this.nowMs + delayMs, run };
      this.#timers.push(timer);
      return {
        cancel: () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        },
      };
    },
  };

  /** Something that will come from outside. */
  expect(event: Task): void {
    this.#events.push(event);
  }

  /** Turns of the loop until then: what has come, all of it, then the timers that are due. */
  async runUntil(endMs: number): Promise<void> {
    while (this.nowMs < endMs) {
      for (const { run } of this.#due("events")) {
        await run();
        await settled();
      }
      for (const { run } of this.#due("timers")) await run();
      const next = Math.min(endMs, ...[...this.#timers, ...this.#events.slice(0, 1)].map(({ atMs }) => atMs));
      this.nowMs = Math.max(this.nowMs, next);
    }
  }

  #due(what: "events" | "timers"): readonly Task[] {
    const all = (what === "events" ? this.#events : this.#timers).toSorted((a, b) => a.atMs - b.atMs);
    const later = all.findIndex(({ atMs }) => atMs > this.nowMs);
    const rest = later < 0 ? [] : all.slice(later);
    if (what === "events") this.#events = rest;
    else this.#timers = rest;
    return later < 0 ? all : all.slice(0, later);
  }
}

/** Lets promises settle; no time passes. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await undefined;
}

interface Load {
  readonly perSecond: number;
  readonly ms: number;
}

/** When calls were answered well while their clients were there, one entry for each load. */
async function goodOf(loads: readonly Load[], door: { readonly spares: boolean; readonly waitMs: number }) {
  const thread = new Thread();
  const { clock } = thread;
  const random = seededRandom(seed);
  const loopDelay = door.spares ? createLoopDelay(clock) : undefined;
  const host = { clock, random, deadlines: createDeadlines(clock), log: silentLogger, loopDelay };
  /** Works, where it has something to wait for in a later turn. */
  const work = async (input: unknown) => {
    if (door.waitMs > 0)
      await new Promise<void>((resolve) => thread.expect({ atMs: clock.nowMs() + door.waitMs, run: resolve }));
    thread.nowMs += workMs;
    return input;
  };
  const handle = inbound(read, host, work);
  const good: number[] = loads.map(() => 0);
  let fromMs = 0;
  loads.forEach(({ perSecond, ms }, at) => {
    for (let sentMs = fromMs; sentMs < fromMs + ms; sentMs += random.next() * (2_000 / perSecond))
      thread.expect({ atMs: sentMs, run: () => arrive(sentMs, at) });
    fromMs += ms;
  });

  function arrive(sentMs: number, at: number): void {
    const trace = newTrace(random);
    const call = new Call(read, {
      payload: { kind: "value", value: { id: "1" } },
      peer: anyone,
      trace,
      deadlineMs: clock.nowMs() + patienceMs,
    });
    handle(call).then(
      () => {
        if (clock.nowMs() - sentMs <= patienceMs) good[at] = (good[at] as number) + 1;
      },
      () => {
        thread.nowMs += refusalMs;
      },
    );
  }

  await thread.runUntil(fromMs + patienceMs);
  await loopDelay?.stop();
  return good;
}

const times = (share: number, ms: number): Load => ({ perSecond: capacityPerSecond * share, ms });
/** The first seconds let in what nobody can do: nothing is known of the load yet. */
const overload = [times(5, 3_000), times(5, 12_000), times(0.5, 1_000), times(0.5, 5_000)];

for (const [what, waitMs, least] of [
  ["works at once", 0, 0.9],
  ["waits before it works", 20, 0.75],
] as const) {
  test(`at five times its capacity a service that ${what} goes on answering, and is well right after (seed ${seed})`, async () => {
    const [, during = 0, , after = 0] = await goodOf(overload, { spares: true, waitMs });
    assert.ok(during >= least * capacityPerSecond * 12, `${during} of ${capacityPerSecond * 12}`);
    const half = (capacityPerSecond / 2) * 5;
    assert.ok(after >= 0.85 * half, `${after} of ${half}`);
  });
}

test(`without a door it works for clients who have left (seed ${seed})`, async () => {
  const [, during = 0] = await goodOf(overload, { spares: false, waitMs: 0 });
  assert.ok(during < 0.1 * capacityPerSecond * 12, `${during}`);
});
