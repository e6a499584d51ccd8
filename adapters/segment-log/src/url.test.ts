import assert from "node:assert/strict";
import { test } from "node:test";
import { locationOf } from "./url.ts";

test("a URL names a folder by its absolute path, taken as it stands", () => {
  assert.deepEqual(locationOf("segment-log:/data/broker"), { folder: "/data/broker", repair: false });
  assert.deepEqual(locationOf("segment-log:///data/x/../a%20b"), { folder: "/data/a%20b", repair: false });
  assert.deepEqual(locationOf("segment-log:/data/broker?repair=true"), { folder: "/data/broker", repair: true });
  assert.deepEqual(locationOf("segment-log:/data/broker?repair=false"), { folder: "/data/broker", repair: false });
});

for (const url of [
  "",
  "segment-log:",
  "segment-log:broker",
  "segment-log:./broker",
  "segment-log://host/broker",
  "segment-log:/data/broker?repair=yes",
  "segment-log:/data/broker?mode=ro",
  "segment-log:/data/br\0oker",
  "nats://localhost",
  "/data/broker",
]) {
  test(`'${url.replace("\0", "\\0")}' is refused`, () => {
    assert.throws(() => locationOf(url), { code: "CONFIG_INVALID" });
  });
}
