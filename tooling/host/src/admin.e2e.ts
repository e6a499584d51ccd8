import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get } from "@cantle/contract";
import { CantleError, createStarted, systemClock } from "@cantle/core";
import { z } from "zod";
import { openAdmin } from "./admin.ts";

const things = contract("things", {
  version: "1.2.0",
  operations: { list: get("/things", { access: "public", output: z.array(z.string()) }) },
});

test("the admin port says whether the instance lives, is ready, and what it serves", async () => {
  const started = createStarted();
  let well = true;
  const checks = {
    database: async () => {
      if (!well) throw new CantleError("UNAVAILABLE", "the disk is full");
    },
  };
  const admin = await openAdmin({ title: "things", clock: systemClock, contracts: [things], checks }, started);
  const url = admin.address.replace("admin+", "");
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`${url}${path}`, { method });
    return [response.status, await response.json()];
  };
  try {
    assert.deepEqual(await ask("/livez"), [200, { status: "alive" }]);
    assert.deepEqual(await ask("/readyz"), [200, { status: "ready" }]);
    well = false;
    assert.deepEqual(await ask("/readyz"), [503, { status: "not ready", failing: { database: "the disk is full" } }]);
    assert.deepEqual(await ask("/healthz"), [200, { draining: false, checks: { database: "the disk is full" } }]);
    well = true;
    admin.drain();
    assert.equal((await ask("/readyz"))[0], 503);
    const [, document] = (await ask("/openapi.json")) as [number, { openapi: string; paths: object }];
    assert.equal(document.openapi.startsWith("3.1"), true);
    assert.deepEqual(Object.keys(document.paths), ["/things"]);
    assert.equal((await ask("/nothing"))[0], 404);
    assert.equal((await ask("/livez", "POST"))[0], 405);
  } finally {
    await started.stop();
  }
});
