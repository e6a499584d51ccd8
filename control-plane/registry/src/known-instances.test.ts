import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WatchItem } from "./contract.ts";
import type { Instance } from "./instance.ts";
import { createKnownInstances } from "./known-instances.ts";

const named = (instance: string, service = "posts"): Instance => ({
  instance,
  unit: "web",
  services: [{ service, version: "1.0.0", addresses: [`unix:/run/${instance}`], state: "ready", metadata: {} }],
});
const snapshot = (...instances: Instance[]): WatchItem => ({ kind: "snapshot", first: true, last: true, instances });
const ids = (known: ReturnType<typeof createKnownInstances>) =>
  [...known.instances()].map(({ instance }) => instance).join(" ");

describe("what is known", () => {
  it("is what the snapshot says, and then what changed", () => {
    const known = createKnownInstances(3_000);
    assert.deepEqual(known.apply(snapshot(named("a"), named("b", "accounts")), 0), new Set(["posts", "accounts"]));
    assert.deepEqual(
      known.apply({ kind: "changed", put: [named("c")], gone: ["b"] }, 10),
      new Set(["accounts", "posts"]),
    );
    assert.equal(ids(known), "a c");
    assert.equal(known.expiresMs, undefined);
  });

  it("names the services of before and of after when an instance changes", () => {
    const known = createKnownInstances(3_000);
    known.apply(snapshot(named("a", "posts")), 0);
    assert.deepEqual(
      known.apply({ kind: "changed", put: [named("a", "accounts")], gone: [] }, 0),
      new Set(["posts", "accounts"]),
    );
  });

  it("keeps for one lease whom a new snapshot does not name", () => {
    const known = createKnownInstances(3_000);
    known.apply(snapshot(named("a"), named("b")), 0);
    known.disconnect();
    known.apply(snapshot(), 600_000);
    assert.equal(ids(known), "a b");
    known.apply({ kind: "changed", put: [named("a")], gone: [] }, 601_000);
    assert.equal(known.expiresMs, 603_000);
    assert.deepEqual(known.expire(602_999), new Set());
    assert.deepEqual(known.expire(603_000), new Set(["posts"]));
    assert.equal(ids(known), "a");
  });

  it("forgets nobody while the registry is away, even if it had begun to", () => {
    const known = createKnownInstances(3_000);
    known.apply(snapshot(named("a")), 0);
    known.apply(snapshot(), 1_000);
    known.disconnect();
    assert.equal(known.expiresMs, undefined);
    known.expire(1_000_000);
    assert.equal(ids(known), "a");
  });

  it("doubts nobody before the last page of a snapshot", () => {
    const known = createKnownInstances(3_000);
    known.apply(snapshot(named("a"), named("b")), 0);
    known.apply({ kind: "snapshot", first: true, last: false, instances: [named("a")] }, 10);
    assert.equal(known.expiresMs, undefined);
    known.apply({ kind: "snapshot", first: false, last: true, instances: [named("b")] }, 20);
    assert.equal(known.expiresMs, undefined);
  });

  it("begins anew with a first page, whatever came of the pages before", () => {
    const known = createKnownInstances(3_000);
    known.apply({ kind: "snapshot", first: true, last: false, instances: [named("old")] }, 0);
    known.apply(snapshot(named("a")), 10);
    known.expire(3_010);
    assert.equal(ids(known), "a");
  });
});
