import assert from "node:assert/strict";
import { test } from "node:test";
import { packedManifest, rewriteUrls } from "./packed.ts";

test("doors and bins lead to what is compiled, and the workshop stays at home", () => {
  const manifest = {
    name: "@cantle/x",
    version: "1.0.0",
    exports: { ".": "./src/index.ts", "./conformance": "./src/conformance.ts", "./package.json": "./package.json" },
    bin: { x: "./bin/x.js", y: "src/y.ts" },
    scripts: { prepack: "node pack.ts" },
    dependencies: { "@cantle/core": "1.0.0" },
    devDependencies: { zod: "4.0.0" },
  };
  assert.deepEqual(packedManifest(manifest), {
    name: "@cantle/x",
    version: "1.0.0",
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./conformance": { types: "./dist/conformance.d.ts", default: "./dist/conformance.js" },
      "./package.json": "./package.json",
    },
    bin: { x: "./bin/x.js", y: "./dist/y.js" },
    dependencies: { "@cantle/core": "1.0.0" },
  });
});

test("the URL of a file beside a module leads to its JavaScript; other texts stay", () => {
  assert.equal(rewriteUrls('new URL("./worker.ts", import.meta.url)'), 'new URL("./worker.js", import.meta.url)');
  assert.equal(rewriteUrls("new URL('../a/b.ts', import.meta.url)"), "new URL('../a/b.js', import.meta.url)");
  const others = 'new URL("./page.html", import.meta.url); const help = "edit ./service.ts"; new URL("./x.ts", base);';
  assert.equal(rewriteUrls(others), others);
});
