import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WatchItem } from "./contract.ts";
import { createFeed } from "./feed.ts";
import type { Change, Instance } from "./instance.ts";

const named = (instance: string, unit = "web"): Instance => ({ instance, unit, services: [] });
const put = (instance: string, unit?: string): Change => ({ kind: "put", instance: named(instance, unit) });
const gone = (instance: string): Change => ({ kind: "gone", instance, reason: "left" });
const many = (count: number) => Array.from({ length: count }, (_, index) => named(`i${index}`));

describe("a feed", () => {
  it("begins with how things stand, and goes on with what changes", async () => {
    const feed = createFeed(
      () => [named("a")],
      () => {},
    );
    feed.push([put("b")]);
    assert.deepEqual((await feed.next()).value, { kind: "snapshot", first: true, last: true, instances: [named("a")] });
    assert.deepEqual((await feed.next()).value, { kind: "changed", put: [named("b")], gone: [] });
  });

  it("begins even when nobody is here", async () => {
    const feed = createFeed(
      () => [],
      () => {},
    );
    assert.deepEqual((await feed.next()).value, { kind: "snapshot", first: true, last: true, instances: [] });
  });

  it("turns a large snapshot into pages", async () => {
    const feed = createFeed(
      () => many(130),
      () => {},
    );
    const pages = [await feed.next(), await feed.next(), await feed.next()].map(
      (result) => result.value as WatchItem & { kind: "snapshot" },
    );
    assert.deepEqual(
      pages.map(({ first, last, instances }) => [first, last, instances.length]),
      [
        [true, false, 64],
        [false, false, 64],
        [false, true, 2],
      ],
    );
  });

  it("wakes whoever waits", async () => {
    const feed = createFeed(
      () => [],
      () => {},
    );
    await feed.next();
    const waiting = [feed.next(), feed.next()];
    feed.push([put("a")]);
    feed.push([gone("a")]);
    const items = (await Promise.all(waiting)).map((result) => result.value);
    assert.deepEqual(items, [
      { kind: "changed", put: [named("a")], gone: [] },
      { kind: "changed", put: [], gone: ["a"] },
    ]);
  });

  it("says only the last word on an instance", async () => {
    const feed = createFeed(
      () => [],
      () => {},
    );
    await feed.next();
    feed.push([put("a"), put("b"), gone("a"), gone("c"), put("c"), put("b", "other")]);
    assert.deepEqual((await feed.next()).value, {
      kind: "changed",
      put: [named("b", "other"), named("c")],
      gone: ["a"],
    });
  });

  it("tells a slow reader how things stand instead of all that it missed", async () => {
    let now: Instance[] = [named("a")];
    const feed = createFeed(
      () => now,
      () => {},
    );
    await feed.next();
    now = [named("z")];
    for (let index = 0; index < 10_000; index++) feed.push([put(`i${index}`)]);
    const items: WatchItem[] = [];
    for (let index = 0; index < 6; index++) {
      const pending = feed.next();
      const result = await Promise.race([pending, Promise.resolve(undefined)]);
      if (result?.value) items.push(result.value);
    }
    const begin = items.findIndex((item) => item.kind === "snapshot");
    assert.deepEqual(items[begin], { kind: "snapshot", first: true, last: true, instances: [named("z")] });
    assert.ok(items.length <= 5);
  });

  it("ends for whoever waits, once, and says so", async () => {
    let ends = 0;
    const feed = createFeed(
      () => [],
      () => ends++,
    );
    await feed.next();
    const waiting = feed.next();
    feed.end();
    await feed.return();
    assert.equal((await waiting).done, true);
    assert.equal((await feed.next()).done, true);
    assert.equal(ends, 1);
  });
});
