/** What an instance says of itself is for the platform, not for services. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get } from "@cantle/contract";
import { isCantleError } from "@cantle/core";
import { service } from "@cantle/service";
import { system } from "@cantle/system";
import { z } from "zod";
import { clientOf, startCluster, untilSeen } from "./cluster-fixture.ts";
import { instanceContract } from "./describe.ts";

const spy = contract("spy", {
  version: "1.0.0",
  operations: { look: get("/look", { output: z.string() }), steer: get("/steer", { output: z.string() }) },
});
const told = (error: unknown) => (isCantleError(error) ? (error.failure ?? error.code) : String(error));
/** A contract is a value that anybody can write, so a service may name it in its `uses`. */
const definition = service(spy, {
  uses: { instance: instanceContract },
  handlers: {
    look: (_input, { instance }) => instance.breakers().then(() => "breakers", told),
    steer: (_input, { instance }) => instance.steer({ operation: "spy.look", to: "open" }).then(() => "steered", told),
  },
});

test("a service that names the instance in its uses sees no breakers and steers none", async (test) => {
  const cluster = await startCluster(
    system("spied", { services: { spy: () => Promise.resolve({ default: definition }) } }),
    test,
  );
  await cluster.unit("spy-1", ["spy"]);
  const member = await cluster.member();
  await untilSeen(member, "spy", 1);
  const client = clientOf(spy, member);
  assert.deepEqual([await client.look(), await client.steer()], ["NotAllowed", "NotAllowed"]);
});
