import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { seededRandom, virtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { createFeed } from "./feed.ts";
import { announced, createWorld, idsOf } from "./fixture.ts";
import { createRegistryResolver } from "./resolver.ts";
import { metadataOf } from "./whereabouts.ts";

function world(test: TestContext, seed?: number) {
  const made = createWorld(seed);
  test.after(() => made.stop());
  return made;
}

describe("the registry's resolver", () => {
  it("is empty for a service that nobody announced, and before it has heard anything", async (test) => {
    const { resolver } = world(test);
    const views = resolver();
    assert.deepEqual(views.view("posts"), { endpoints: [] });
    await views.ready();
    assert.deepEqual(views.view("nobody"), { endpoints: [] });
    assert.deepEqual(views.view("__proto__"), { endpoints: [] });
  });

  it("shows an instance as the mesh's endpoint", async (test) => {
    const { instance, resolver, clock } = world(test);
    instance("web-1");
    const views = resolver();
    await clock.advance(0);
    assert.deepEqual(views.view("posts").endpoints, [
      { id: "web-1", service: "posts", version: "1.0.0", state: "ready", address: "unix:/run/web-1.sock" },
    ]);
  });

  it("shows where an instance runs and its labels, and when they change", async (test) => {
    const { instance, resolver, clock } = world(test);
    const { registration } = instance("web-1");
    const views = resolver();
    await clock.advance(0);
    const moved = { zone: "east", labels: { release: "2", track: "canary" } };
    await registration.replace([{ ...announced("web-1"), metadata: { ...metadataOf(moved), owner: "ann" } }]);
    await clock.advance(0);
    const [endpoint] = views.view("posts").endpoints;
    assert.deepEqual([endpoint?.zone, endpoint?.labels], [moved.zone, moved.labels]);
  });

  it("tells listeners of a service when something changed, and only then", async (test) => {
    const { instance, resolver, clock } = world(test);
    const views = resolver();
    await views.ready();
    let told = 0;
    const unwatch = views.watch("posts", () => told++);
    views.watch("accounts", () => assert.fail("accounts did not change"));
    const { registration } = instance("web-1", "starting");
    await clock.advance(0);
    assert.equal(told, 1);
    const before = views.view("posts");
    await clock.advance(10_000);
    assert.equal(views.view("posts"), before, "heartbeats change nothing");
    await registration.setState("ready");
    await clock.advance(0);
    assert.equal(told, 2);
    unwatch();
    await registration.setState("draining");
    await clock.advance(0);
    assert.equal(told, 2);
    assert.equal(views.view("posts").endpoints[0]?.state, "draining");
  });

  it("comes back after its stream broke, and has seen what happened meanwhile", async (test) => {
    const { instance, resolver, network, clock } = world(test);
    const views = resolver();
    instance("web-1");
    await clock.advance(0);
    network.breakWatches();
    const second = instance("web-2");
    await clock.advance(100);
    assert.equal(idsOf(views), "web-1 web-2");
    network.breakWatches();
    second.kill();
    await clock.advance(3_250);
    assert.equal(idsOf(views), "web-1");
  });

  it("does not reconnect in step with others", async (test) => {
    const { network, resolver, clock } = world(test);
    const { registry } = network;
    let watches: number[] = [];
    const watch = registry?.watch.bind(registry) as NonNullable<typeof registry>["watch"];
    Object.assign(registry as object, {
      watch() {
        watches.push(clock.nowMs());
        return watch();
      },
    });
    const all = Array.from({ length: 50 }, () => resolver());
    await Promise.all(all.map((each) => each.ready()));
    watches = [];
    network.breakWatches();
    await clock.advance(2_000);
    assert.equal(watches.length, 50);
    assert.ok(new Set(watches).size > 40, "their returns are spread");
  });

  it("uses the first address that it can dial, and none of an instance that it cannot reach", async (test) => {
    const clock = virtualClock();
    const service = { service: "posts", version: "1.0.0", metadata: {} };
    const instances = [
      {
        instance: "a",
        unit: "web",
        services: [{ ...service, state: "ready" as const, addresses: ["unix:/run/a", "tcp://127.0.0.1:1"] }],
      },
      { instance: "b", unit: "web", services: [{ ...service, state: "ready" as const, addresses: ["unix:/run/b"] }] },
      { instance: "c", unit: "web", services: [{ ...service, state: "starting" as const, addresses: [] }] },
    ];
    const feed = createFeed(
      () => instances,
      () => {},
    );
    const resolver = createRegistryResolver({
      clock,
      log: silentLogger,
      random: seededRandom(1),
      canDial: (address) => address.startsWith("tcp:"),
      client: {
        async watch(_, options) {
          options?.signal?.addEventListener("abort", () => feed.end());
          return feed;
        },
      },
    });
    test.after(() => resolver.stop());
    await resolver.ready();
    const shown = resolver.view("posts").endpoints.map(({ id, state, address }) => `${id} ${state} ${address}`);
    assert.deepEqual(shown, ["a ready tcp://127.0.0.1:1", "c starting undefined"]);
  });
});
