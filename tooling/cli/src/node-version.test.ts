import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bin } from "./fixture.ts";
import { canRun, checkNode, wantedNode } from "./node-version.ts";

test("Node.js 24.11 and later 24s, and 26 and later, can run the program", () => {
  for (const version of ["v24.11.0", "24.21.0", "v26.0.0", "v27.0.0-nightly"])
    assert.equal(canRun(version), true, version);
  for (const version of ["v20.20.2", "v24.10.9", "v25.9.0", "v8.0.0", "nonsense"])
    assert.equal(canRun(version), false, version);
  assert.throws(() => checkNode("v22.1.0"), { code: "NODE_TOO_OLD", message: /this is Node.js v22.1.0/ });
});

test("the manifest and the launcher say the same", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(manifest.engines.node, wantedNode);
  const launcher = readFileSync(bin, "utf8");
  assert.ok(launcher.includes(`const wanted = "${wantedNode}"`));
  assert.ok(launcher.includes("return (major === 24 && minor >= 11) || major >= 26;"));
});
