/**
 * Calls over the registry's view, in virtual time: what a caller notices when registries and instances die. The mesh's own
 * remedies (ejection, breakers, retries) are off, so that it is the registry alone that is seen. CANTLE_SEED chooses another seed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get } from "@cantle/contract";
import { Call, type CantleError, createDeadlines, newTrace } from "@cantle/core";
import { outbound } from "@cantle/mesh";
import { silentLogger as log } from "@cantle/telemetry";
import { createWorld, type World } from "./fixture.ts";

const seed = Number(process.env["CANTLE_SEED"] ?? 1);
const { read } = contract("posts", { version: "1.0.0", operations: { read: get("/", {}) } }).operations;
const policies = { "*": { ejection: false, breaker: false, retriesMax: 0, timeoutMs: 200 } } as const;

/** Who was called when, and how calls ended. */
interface Seen {
  readonly called: { readonly id: string; readonly atMs: number }[];
  readonly failed: string[];
}

/** Sends so many calls a second by a view, to instances that answer at once, or never when they are in `dead`. */
function caller(world: World, dead: ReadonlySet<string>) {
  const { clock, random } = world;
  const seen: Seen = { called: [], failed: [] };
  const resolver = world.resolver();
  const send = outbound(read, {
    clock,
    random,
    log,
    resolver,
    policies,
    deadlines: createDeadlines(clock),
    dial:
      ({ id }) =>
      (call) => {
        seen.called.push({ id, atMs: clock.nowMs() });
        if (!dead.has(id)) return Promise.resolve({ kind: "value", value: undefined });
        return new Promise((_, reject) => void call.onCancel(reject));
      },
  });
  const one = () =>
    send(
      new Call(read, {
        payload: { kind: "value", value: undefined },
        peer: { service: "test", uses: "*" },
        trace: newTrace(random),
        deadlineMs: Number.POSITIVE_INFINITY,
      }),
    ).catch((error: CantleError) => seen.failed.push(error.code));
  return {
    seen,
    async load({ perSecond, forMs }: { readonly perSecond: number; readonly forMs: number }) {
      for (let sent = 0; sent < (perSecond * forMs) / 1_000; sent++) {
        void one();
        await clock.advance(1_000 / perSecond);
      }
      await clock.advance(1_000);
    },
  };
}

async function inWorld(story: (world: World) => Promise<void>): Promise<void> {
  const world = createWorld(seed);
  try {
    await story(world);
  } finally {
    await world.stop();
  }
}

test(`a registry that is away for ten minutes and comes back empty fails no call (seed ${seed})`, () =>
  inWorld(async (world) => {
    for (const id of ["web-1", "web-2", "web-3"]) world.unit(id);
    const { seen, load } = caller(world, new Set());
    await world.clock.advance(2_000);
    await world.killRegistry();
    await load({ perSecond: 2, forMs: 600_000 });
    world.startRegistry();
    await load({ perSecond: 50, forMs: 10_000 });
    assert.deepEqual(seen.failed, []);
    assert.equal(seen.called.length, 1_700);
    for (const id of ["web-1", "web-2", "web-3"]) assert.ok(seen.called.filter((each) => each.id === id).length > 300);
  }));

test(`an instance that was killed is called for at most a second (seed ${seed})`, () =>
  inWorld(async (world) => {
    const dead = new Set<string>();
    const [, second] = ["web-1", "web-2", "web-3"].map((id) => world.unit(id));
    const { seen, load } = caller(world, dead);
    await world.clock.advance(2_000);
    await load({ perSecond: 100, forMs: 1_000 });
    const killedMs = world.clock.nowMs();
    second?.kill();
    dead.add("web-2");
    await load({ perSecond: 100, forMs: 5_000 });
    const late = seen.called.filter(({ id, atMs }) => id === "web-2" && atMs > killedMs);
    assert.ok(late.length > 0, "it was called for a while, or this shows nothing");
    assert.ok(Math.max(...late.map(({ atMs }) => atMs)) - killedMs <= 1_000);
    assert.equal(seen.failed.length, late.length);
  }));

test(`an instance that stops cleanly is not called any more from the moment it said so (seed ${seed})`, () =>
  inWorld(async (world) => {
    const dead = new Set<string>();
    const [, second] = ["web-1", "web-2", "web-3"].map((id) => world.unit(id));
    const { seen, load } = caller(world, dead);
    await world.clock.advance(2_000);
    await load({ perSecond: 100, forMs: 1_000 });
    await second?.registration.setState("draining");
    await world.clock.advance(0);
    dead.add("web-2");
    await load({ perSecond: 100, forMs: 2_000 });
    await second?.registration.stop();
    await load({ perSecond: 100, forMs: 2_000 });
    assert.deepEqual(seen.failed, []);
    assert.equal(seen.called.length, 500);
  }));

test(`a registry that comes back and hardly hears anything takes nobody out (seed ${seed})`, () =>
  inWorld(async (world) => {
    world.unit("web-1");
    const { seen, load } = caller(world, new Set());
    await world.clock.advance(2_000);
    await world.killRegistry();
    await world.clock.advance(60_000);
    world.startRegistry();
    world.network.loss = 0.9;
    await load({ perSecond: 20, forMs: 2_000 });
    assert.deepEqual(seen.failed, []);
  }));
