import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { collector, isIgnored } from "./watch.ts";

test("edits that come together are told together, 20 ms after the last", async () => {
  const clock = virtualClock();
  const told: (readonly string[])[] = [];
  const collect = collector(async (files) => void told.push(files), clock);
  collect("a");
  await clock.advance(19);
  collect("b");
  collect("a");
  await clock.advance(19);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, [["a", "b"]]);
});

test("what is edited while one telling is being seen to is told after it, never beside it", async () => {
  const clock = virtualClock();
  const told: (readonly string[])[] = [];
  const first = Promise.withResolvers<void>();
  const collect = collector(async (files) => {
    told.push(files);
    if (told.length === 1) await first.promise;
  }, clock);
  collect("a");
  await clock.advance(20);
  collect("b");
  await clock.advance(200);
  assert.deepEqual(told, [["a"]]);
  first.resolve();
  await clock.advance(0);
  assert.deepEqual(told, [["a"], ["b"]]);
});

test("what is installed, made, kept or an editor's own is not watched", () => {
  const folder = "/srv/dist/blog";
  for (const path of [
    "node_modules/x.js",
    "a/.git/HEAD",
    ".cantle/data/x",
    "dist/a.js",
    "a.ts~",
    ".a.ts.swp",
    "a/.#b.ts",
  ]) {
    assert.equal(isIgnored(folder, `${folder}/${path}`), true, path);
  }
  for (const path of ["", "/system.ts", "/accounts/service.ts", "/config.yaml", "/distance/a.ts"]) {
    assert.equal(isIgnored(folder, `${folder}${path}`), false, path);
  }
});
