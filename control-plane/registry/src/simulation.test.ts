/**
 * A whole small system on virtual time, from seeds: what the registry and its clients promise together. A failure prints its seed.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { announced, createWorld, idsOf, type World } from "./fixture.ts";
import type { RegistryResolver } from "./resolver.ts";

const minuteMs = 60_000;
const ids = (count: number) => Array.from({ length: count }, (_, index) => `web-${String(index).padStart(2, "0")}`);

async function settled(world: World, count: number) {
  const instances = ids(count).map((id) => world.instance(id));
  const resolver = world.resolver();
  await world.clock.advance(2_000);
  assert.equal(idsOf(resolver), ids(count).join(" "));
  return { instances, resolver };
}

/** Runs a story once for each seed, stops its world whatever happens, and names the seed that failed. */
async function seeds(count: number, story: (world: World) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= count; seed++) {
    const world = createWorld(seed);
    try {
      await story(world);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      await world.stop();
    }
  }
}

describe("a registry that dies", () => {
  it("and comes back empty after ten minutes takes no live endpoint out of any view", async () => {
    await seeds(5, async (world) => {
      const { resolver } = await settled(world, 12);
      const all = idsOf(resolver);
      const changes: string[] = [];
      keepChanges(resolver, changes);
      await world.killRegistry();
      await world.clock.advance(10 * minuteMs);
      assert.equal(idsOf(resolver), all);
      world.startRegistry();
      await world.clock.advance(30_000);
      assert.deepEqual([idsOf(resolver), changes], [all, []]);
      assert.equal(world.network.registry?.list().length, all.split(" ").length);
    });
  });

  it("again and again does not either", async () => {
    await seeds(5, async (world) => {
      const { resolver } = await settled(world, 12);
      const all = idsOf(resolver);
      const changes: string[] = [];
      keepChanges(resolver, changes);
      for (let round = 0; round < 20; round++) {
        await world.killRegistry();
        await world.clock.advance(world.random.next() * 5_000);
        world.startRegistry();
        await world.clock.advance(world.random.next() * 5_000);
      }
      await world.clock.advance(10_000);
      assert.deepEqual([idsOf(resolver), changes], [all, []]);
    });
  });

  it("is told apart from instances that died with it: those are gone a lease after its return", async () => {
    await seeds(5, async (world) => {
      const { instances, resolver } = await settled(world, 5);
      await world.killRegistry();
      instances[0]?.kill();
      await world.clock.advance(minuteMs);
      world.startRegistry();
      await world.clock.advance(1_200 + 3_000);
      assert.equal(idsOf(resolver), ids(5).slice(1).join(" "));
    });
  });
});

describe("a network that loses half of all calls", () => {
  it("evicts no live instance", async () => {
    await seeds(20, async (world) => {
      const { resolver } = await settled(world, 20);
      const all = idsOf(resolver);
      let lost = 0;
      resolver.watch("posts", () => void (idsOf(resolver) !== all && lost++));
      world.network.loss = 0.5;
      await world.clock.advance(2 * minuteMs);
      assert.equal(lost, 0);
      assert.equal(world.network.registry?.list().length, all.split(" ").length);
    });
  });

  it("still lets the dead go", async () => {
    await seeds(5, async (world) => {
      const { instances, resolver } = await settled(world, 10);
      world.network.loss = 0.5;
      instances[3]?.kill();
      await world.clock.advance(6_000);
      assert.equal(idsOf(resolver), ids(10).toSpliced(3, 1).join(" "));
    });
  });
});

describe("an instance", () => {
  it("that is killed is in no view after its lease", async () => {
    await seeds(10, async (world) => {
      const { instances, resolver } = await settled(world, 3);
      await world.clock.advance(world.random.next() * 1_000);
      instances[1]?.kill();
      await world.clock.advance(3_250);
      assert.equal(idsOf(resolver), "web-00 web-02");
    });
  });

  it("that leaves is in no view at once", async () => {
    await seeds(3, async (world) => {
      const { instances, resolver } = await settled(world, 3);
      await instances[1]?.registration.stop();
      instances[1]?.kill();
      await world.clock.advance(0);
      assert.equal(idsOf(resolver), "web-00 web-02");
    });
  });
});

/** Keeps what a view becomes, each time it is not what it is now. A listener that threw would only break its watch. */
function keepChanges(view: RegistryResolver, changes: string[]): void {
  const all = idsOf(view);
  view.watch("posts", () => void (idsOf(view) !== all && changes.push(idsOf(view))));
}

/** Units that watch, as all do, seen by a gateway. */
async function units(world: World, count: number, clockOffMs: (at: number) => number = () => 0) {
  const members = ids(count).map((id, at) => world.unit(id, clockOffMs(at)));
  const resolver = world.resolver();
  await world.clock.advance(2_000);
  assert.equal(idsOf(resolver), ids(count).join(" "));
  /** Keeps every view, of whomever, that lacks somebody or has somebody too many. */
  const wrongViews: string[] = [];
  for (const view of [resolver, ...members.map((member) => member.resolver)]) keepChanges(view, wrongViews);
  return { members, resolver, wrongViews };
}

describe("clocks that are off by an hour, half of all calls lost, and stalls of five seconds", () => {
  it("evict nobody, one by one and together", async () => {
    await seeds(5, async (world) => {
      const hourMs = 60 * minuteMs;
      const { members, wrongViews } = await units(world, 10, (at) => (at % 3) * hourMs - hourMs);
      world.network.loss = 0.5;
      for (let round = 0; round < 12; round++) {
        await world.clock.advance(world.random.next() * 5_000);
        members[Math.floor(world.random.next() * members.length)]?.stall(5_000);
      }
      await world.clock.advance(20_000);
      assert.deepEqual(wrongViews, []);
      assert.equal(world.network.registry?.list().length, members.length);
    });
  });

  it("of all at once evict nobody either", async () => {
    await seeds(3, async (world) => {
      const { members, wrongViews } = await units(world, 10);
      for (const member of members) member.stall(5_000);
      await world.clock.advance(30_000);
      assert.deepEqual(wrongViews, []);
    });
  });

  it("still let the dead go, within a second", async () => {
    await seeds(10, async (world) => {
      const { members, resolver } = await units(world, 6);
      members[1]?.stall(5_000);
      await world.clock.advance(world.random.next() * 1_000);
      members[3]?.kill();
      await world.clock.advance(1_000);
      const left = ids(6).toSpliced(3, 1).join(" ");
      assert.equal(idsOf(resolver), left);
      await world.clock.advance(10_000);
      assert.equal(idsOf(resolver), left);
    });
  });
});

describe("a network that breaks every connection", () => {
  it("evicts nobody who comes back", async () => {
    await seeds(10, async (world) => {
      const { wrongViews } = await units(world, 8);
      for (let round = 0; round < 5; round++) {
        world.network.breakWatches();
        await world.clock.advance(world.random.next() * 10_000);
      }
      assert.deepEqual(wrongViews, []);
    });
  });
});

describe("an instance of the same id at another address", () => {
  it("is found there at once, and nowhere else", async () => {
    await seeds(3, async (world) => {
      const { members, resolver } = await units(world, 3);
      const addresses = () => resolver.view("posts").endpoints.map(({ address }) => address);
      await members[1]?.registration.replace([{ ...announced("web-01"), addresses: ["unix:/run/moved.sock"] }]);
      await world.clock.advance(0);
      assert.deepEqual(addresses(), ["unix:/run/web-00.sock", "unix:/run/moved.sock", "unix:/run/web-02.sock"]);
    });
  });

  it("is found there as soon as it announces itself, though its predecessor was killed a moment before", async () => {
    await seeds(3, async (world) => {
      const { members, resolver } = await units(world, 3);
      members[1]?.kill();
      await world.clock.advance(world.random.next() * 500);
      const successor = world.unit("web-01");
      await successor.registration.replace([{ ...announced("web-01"), addresses: ["unix:/run/new.sock"] }]);
      await world.clock.advance(0);
      const shown = resolver.view("posts").endpoints.map(({ address }) => address);
      assert.deepEqual(shown, ["unix:/run/web-00.sock", "unix:/run/new.sock", "unix:/run/web-02.sock"]);
      await world.clock.advance(10_000);
      assert.equal(idsOf(resolver), ids(3).join(" "));
    });
  });
});

describe("five hundred instances", () => {
  it("that lost their registry and a fifth of all calls are registered within five seconds of its return", async () => {
    const world = createWorld(11);
    for (let index = 0; index < 500; index++) world.instance(`web${index % 5}-${index}`);
    await world.clock.advance(2_000);
    await world.killRegistry();
    await world.clock.advance(5_000);
    world.network.loss = 0.2;
    world.startRegistry();
    await world.clock.advance(5_000);
    assert.equal(world.network.registry?.list().length, 500);
    await world.stop();
  });

  it("that find their registry again do not all come at once", async () => {
    const world = createWorld(7);
    for (let index = 0; index < 500; index++) world.instance(`web${index % 5}-${index}`);
    await world.clock.advance(1_000);
    await world.killRegistry();
    await world.clock.advance(30_000);
    world.startRegistry();
    const counts: number[] = [];
    for (let step = 0; step < 12; step++) {
      await world.clock.advance(100);
      counts.push(world.network.registry?.list().length ?? 0);
    }
    assert.equal(counts.at(-1), 500);
    const busiest = Math.max(...counts.map((count, step) => count - (counts[step - 1] ?? 0)));
    assert.ok(busiest < 120, `${busiest} in a tenth of a second`);
    await world.stop();
  });
});
