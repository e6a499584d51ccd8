import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { virtualClock } from "@cantle/core";
import { createLogger, silentLogger } from "@cantle/telemetry";
import { announced, ownerOf } from "./fixture.ts";
import { createRegistry } from "./registry.ts";

function start(test: TestContext, log = silentLogger) {
  const clock = virtualClock();
  const registry = createRegistry({ clock, log });
  test.after(() => registry.stop());
  const register = (id: string) => registry.register(ownerOf(id), { instance: id, services: [announced(id)] });
  const ids = () =>
    registry
      .list()
      .map(({ instance }) => instance)
      .join(" ");
  return { clock, registry, register, ids };
}

describe("the registry", () => {
  it("tells an instance how long its lease is and how often to beat", (test) => {
    assert.deepEqual(start(test).register("a"), { leaseMs: 3_000, heartbeatMs: 1_000 });
  });

  it("drops a silent instance within a lease and a quarter of a second, and tells its watchers", async (test) => {
    const { clock, registry, register, ids } = start(test);
    register("a");
    const feed = registry.watch();
    await feed.next();
    await clock.advance(2_999);
    assert.equal(ids(), "a");
    await clock.advance(251);
    assert.equal(ids(), "");
    assert.deepEqual((await feed.next()).value, { kind: "changed", put: [], gone: ["a"] });
  });

  it("keeps an instance that beats", async (test) => {
    const { clock, registry, register, ids } = start(test);
    register("a");
    for (let second = 0; second < 20; second++) {
      await clock.advance(1_000);
      assert.deepEqual(registry.heartbeat(ownerOf("a"), { instance: "a" }), { known: true });
    }
    assert.equal(ids(), "a");
  });

  it("refuses what may not be announced, and says all that is wrong with it", (test) => {
    const { registry } = start(test);
    const services = [
      { ...announced("a"), addresses: ["http://169.254.169.254:80", "file:///etc/passwd"] },
      { ...announced("a"), addresses: [] },
      { ...announced("a"), service: "accounts", metadata: { note: "x".repeat(5_000) } },
      { ...announced("a"), service: "tags", addresses: Array(5).fill("unix:/run/a") },
    ];
    assert.throws(
      () => registry.register(ownerOf("a"), { instance: "a", services }),
      (error: { code: string; errors: Record<string, string[]> }) => {
        assert.equal(error.code, "INPUT_INVALID");
        assert.deepEqual(Object.keys(error.errors).sort(), [
          "services",
          "services.0.addresses",
          "services.1.addresses",
          "services.2.metadata",
          "services.3.addresses",
        ]);
        assert.equal(error.errors["services.0.addresses"]?.length, 2);
        return true;
      },
    );
  });

  it("has only so many watchers, and room again when one leaves", (test) => {
    const { registry } = start(test);
    const feeds = Array.from({ length: 1024 }, () => registry.watch());
    assert.throws(() => registry.watch(), { code: "OVERLOADED" });
    feeds[0]?.end();
    registry.watch();
  });

  it("ends its watches when it stops", async (test) => {
    const { registry } = start(test);
    const feed = registry.watch();
    await feed.next();
    const waiting = feed.next();
    await registry.stop();
    assert.equal((await waiting).done, true);
  });

  it("says once that it doubts itself, and once that it does not any more", async (test) => {
    const lines: string[] = [];
    const { clock, registry, register } = start(
      test,
      createLogger((_, message) => lines.push(message)),
    );
    for (const id of ["a", "b", "c"]) register(id);
    await clock.advance(30_000);
    for (const id of ["a", "b", "c"]) registry.heartbeat(ownerOf(id), { instance: id });
    await clock.advance(500);
    assert.deepEqual(lines, ["most instances fell silent at once; the last view is kept", "instances are heard again"]);
  });
});
