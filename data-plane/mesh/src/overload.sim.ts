/**
 * An instance with five times the calls that it can answer, in virtual time: services of several kinds, an even load and one in
 * bursts, clients who leave after a second. Reproducible from the seed in every title; CANTLE_SEED chooses one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, createDeadlines, newTrace, type Random, seededRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { EventLoop } from "./event-loop-fixture.ts";
import { anyone, things } from "./fixture.ts";
import { inbound } from "./inbound.ts";
import { createLoopDelay } from "./loop-delay.ts";
import type { Criticality } from "./shedding.ts";

const chosen = process.env["CANTLE_SEED"];
const seeds = chosen === undefined ? [1, 2, 3] : [Number(chosen)];
const { read } = things.operations;
/** What a refusal costs: at five times the capacity four answers in five are one, so of 5 ms calls it leaves 0.96 at most. */
const refusalMs = 0.05;
const patienceMs = 1_000;

/** What a handler does, and for how long it works, all in all and on average. */
interface Kind {
  readonly what: string;
  readonly meanMs: number;
  readonly act: (loop: EventLoop, random: Random) => Promise<void>;
}

const atOnce: Kind = { what: "works at once", meanMs: 5, act: async (loop) => loop.work(5) };

const waitsFirst: Kind = {
  what: "waits for 20 ms, then works",
  meanMs: 5,
  act: (loop) => loop.wait(20).then(() => loop.work(5)),
};

const kinds: readonly Kind[] = [
  atOnce,
  waitsFirst,
  { what: "waits for 100 ms, then works", meanMs: 5, act: (loop) => loop.wait(100).then(() => loop.work(5)) },
  {
    what: "waits for up to 400 ms, then works",
    meanMs: 5,
    act: (loop, random) => loop.wait(random.next() * 400).then(() => loop.work(5)),
  },
  {
    what: "works, waits, works, waits and works",
    meanMs: 6,
    async act(loop) {
      loop.work(2);
      await loop.wait(30);
      loop.work(2);
      await loop.wait(10);
      loop.work(2);
    },
  },
  {
    what: "has half of its calls wait, and works for 1 to 9 ms",
    meanMs: 5,
    async act(loop, random) {
      if (random.next() < 0.5) await loop.wait(random.next() * 100);
      loop.work(1 + random.next() * 8);
    },
  },
  {
    what: "waits for 50 ms, then works for 20 to 40",
    meanMs: 30,
    async act(loop, random) {
      await loop.wait(50);
      loop.work(20 + random.next() * 20);
    },
  },
];

/** How many times what a service can do is offered, and for how long. */
interface Load {
  readonly times: number;
  readonly ms: number;
}

/** Nothing is known of the load in the first seconds, in which it may let in too many. */
const loads: readonly Load[] = [
  { times: 5, ms: 3_000 },
  { times: 5, ms: 12_000 },
  { times: 0.5, ms: 1_000 },
  { times: 0.5, ms: 5_000 },
];

interface Scene {
  readonly kind: Kind;
  readonly seed: number;
  /** When a call that would come at a moment in an even load does come, ms. */
  readonly comes?: ((atMs: number) => number) | undefined;
  readonly hasDoor?: boolean;
  /** How much a call matters. */
  readonly criticalityOf?: (random: Random) => Criticality;
}

/** How many calls came, and how many were answered while their clients were there. */
interface Tally {
  sent: number;
  good: number;
}

const tally = (): Tally => ({ sent: 0, good: 0 });

/** What became of the calls of each load, and of each criticality in the longest of them. */
async function suffered({ kind, seed, comes = (atMs) => atMs, hasDoor = true, criticalityOf }: Scene) {
  const loop = new EventLoop();
  const { clock } = loop;
  const random = seededRandom(seed);
  const loopDelay = hasDoor ? createLoopDelay(clock) : undefined;
  const host = { clock, random, deadlines: createDeadlines(clock), log: silentLogger, loopDelay };
  const work = async (input: unknown) => {
    await kind.act(loop, random);
    return input;
  };
  const door = (criticality: Criticality) => inbound(read, { ...host, policies: { "*": { criticality } } }, work);
  const doors = { critical: door("critical"), default: door("default"), sheddable: door("sheddable") };
  const byLoad = loads.map(tally);
  const byCriticality = { critical: tally(), default: tally(), sheddable: tally() };

  function arrive(sentMs: number, load: Tally): void {
    const criticality = criticalityOf?.(random) ?? "default";
    const counts = load === byLoad[1] ? [load, byCriticality[criticality]] : [load];
    for (const count of counts) count.sent++;
    const payload = { kind: "value", value: { id: "1" } } as const;
    const call = new Call(read, {
      payload,
      peer: anyone,
      trace: newTrace(random),
      deadlineMs: clock.nowMs() + patienceMs,
    });
    doors[criticality](call).then(
      () => {
        if (clock.nowMs() <= sentMs + patienceMs) for (const count of counts) count.good++;
      },
      () => loop.work(refusalMs),
    );
  }

  let fromMs = 0;
  loads.forEach(({ times, ms }, at) => {
    const everyMs = kind.meanMs / times;
    for (let evenMs = fromMs; evenMs < fromMs + ms; evenMs += random.next() * 2 * everyMs) {
      const sentMs = comes(evenMs);
      loop.expect(sentMs, () => arrive(sentMs, byLoad[at] as Tally));
    }
    fromMs += ms;
  });
  await loop.runUntil(fromMs + patienceMs);
  await loopDelay?.stop();
  return { byLoad, byCriticality };
}

/** Of what it could have answered while it was overloaded, how much it has; and the same of what was asked after that. */
async function shares(scene: Scene) {
  const [, during, , after] = (await suffered(scene)).byLoad;
  const couldMs = loads[1]?.ms ?? 0;
  return {
    during: ((during?.good ?? 0) * scene.kind.meanMs) / couldMs,
    after: (after?.good ?? 0) / (after?.sent ?? 1),
  };
}

/** Three quarters of what comes in half a second come in its first tenth. */
function inBursts(atMs: number): number {
  const fromMs = Math.floor(atMs / 500) * 500;
  const share = (atMs - fromMs) / 500;
  return fromMs + 500 * (share < 0.75 ? (share / 0.75) * 0.2 : 0.2 + ((share - 0.75) / 0.25) * 0.8);
}

for (const seed of seeds) {
  for (const kind of kinds) {
    test(`at five times its capacity a service that ${kind.what} goes on answering, and is well right after (seed ${seed})`, async () => {
      for (const [load, comes] of [
        ["even", undefined],
        ["in bursts", inBursts],
      ] as const) {
        const { during, after } = await shares({ kind, seed, comes });
        assert.ok(during >= 0.9, `${load}: ${during} of its capacity`);
        assert.ok(after >= 0.9, `${load}: ${after} of what was asked then`);
      }
    });
  }

  for (const kind of [atOnce, waitsFirst]) {
    test(`a service that ${kind.what} answers nearly all of what matters most, and more than its share (seed ${seed})`, async () => {
      const criticalityOf = (random: Random) => pick(random.next());
      const { critical, default: usual, sheddable } = (await suffered({ kind, seed, criticalityOf })).byCriticality;
      const share = ({ good, sent }: Tally) => good / sent;
      const told = JSON.stringify([critical, usual, sheddable].map(share));
      assert.ok(share(critical) >= 0.9, told);
      assert.ok(share(critical) > share(usual) && share(usual) > share(sheddable), told);
    });
  }

  test(`without a door it works for clients who have left (seed ${seed})`, async () => {
    const { during } = await shares({ kind: atOnce, seed, hasDoor: false });
    assert.ok(during < 0.1, `${during}`);
  });
}

/** One call in ten matters most; it is half of what can be done. */
function pick(chance: number): Criticality {
  return chance < 0.1 ? "critical" : chance < 0.55 ? "default" : "sheddable";
}
