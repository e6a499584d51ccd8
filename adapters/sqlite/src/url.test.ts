import assert from "node:assert/strict";
import { test } from "node:test";
import { locationOf } from "./url.ts";

test("a URL names a file by its absolute path, taken as it stands", () => {
  assert.deepEqual(locationOf("sqlite:/data/a.sqlite"), { kind: "file", path: "/data/a.sqlite" });
  assert.deepEqual(locationOf("sqlite:///data/a.sqlite"), { kind: "file", path: "/data/a.sqlite" });
  assert.deepEqual(locationOf("sqlite:/data/x/../a%20b.sqlite"), { kind: "file", path: "/data/a%20b.sqlite" });
  assert.deepEqual(locationOf("sqlite::memory:"), { kind: "memory" });
});

for (const url of [
  "",
  "sqlite:",
  "sqlite:a.sqlite",
  "sqlite:./a.sqlite",
  "sqlite://host/a.sqlite",
  "sqlite:/data/a.sqlite?mode=ro",
  "sqlite:/data/a\0.sqlite",
  "sqlite:file:/data/a.sqlite",
  "postgres://localhost/a",
  "/data/a.sqlite",
]) {
  test(`'${url.replace("\0", "\\0")}' is refused`, () => {
    assert.throws(() => locationOf(url), { code: "CONFIG_INVALID" });
  });
}
