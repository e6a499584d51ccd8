/** What instances say of themselves reaches their callers over the registry: zones and labels choose between real endpoints. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Client, contract, get } from "@cantle/contract";
import type { Policies } from "@cantle/mesh";
import { service } from "@cantle/service";
import { system } from "@cantle/system";
import { z } from "zod";
import { clientOf, startCluster, untilSeen } from "./cluster-fixture.ts";

const who = contract("who", { version: "1.0.0", operations: { answers: get("/", { output: z.string() }) } });
const definition = service(who, {
  config: z.object({ name: z.string() }),
  handlers: { answers: async (_input, { config }) => config.name },
});
const systemWith = (policies: Policies) =>
  system("whereabouts", { services: { who: () => Promise.resolve({ default: definition }) }, policies });

/** Who answered so many calls, and how often. */
async function counted(client: Client<typeof who>, calls: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let at = 0; at < calls; at++) {
    const name = await client.answers(undefined);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test("calls stay in the caller's zone while it has an instance, and leave it when that is gone", async (test) => {
  const cluster = await startCluster(systemWith({ "*": { slowStartMs: 0 } }), test);
  const near = await cluster.unit("who-1", ["who"], { env: { CANTLE_ZONE: "east" }, set: ["who.name=near"] });
  await cluster.unit("who-2", ["who"], { env: { CANTLE_ZONE: "west" }, set: ["who.name=far"] });
  const member = await cluster.member({ env: { CANTLE_ZONE: "east" } });
  await untilSeen(member, "who", 2);
  const client = clientOf(who, member);
  assert.deepEqual(await counted(client, 50), { near: 50 });
  const nowhere = await cluster.member();
  await untilSeen(nowhere, "who", 2);
  const both = await counted(clientOf(who, nowhere), 50);
  assert.ok((both["near"] ?? 0) > 0 && (both["far"] ?? 0) > 0, JSON.stringify(both));
  await near.stop();
  await untilSeen(member, "who", 1);
  assert.deepEqual(await counted(client, 10), { far: 10 });
});

test("a route by labels sends calls to those who have them while there are any", async (test) => {
  const to = [
    { labels: { release: "1" }, weight: 0 },
    { labels: { release: "2" }, version: "1" },
  ];
  const policies: Policies = { who: { slowStartMs: 0, routes: [{ to }] } };
  const cluster = await startCluster(systemWith(policies), test);
  await cluster.unit("who-1", ["who"], { env: { CANTLE_LABELS: "release=1" }, set: ["who.name=old"] });
  const newer = await cluster.unit("who-2", ["who"], { env: { CANTLE_LABELS: "release=2" }, set: ["who.name=new"] });
  const member = await cluster.member();
  await untilSeen(member, "who", 2);
  const client = clientOf(who, member);
  assert.deepEqual(await counted(client, 50), { new: 50 });
  await newer.stop();
  await untilSeen(member, "who", 1);
  // A route is a preference: where nobody fits, an answer is better than none.
  assert.deepEqual(await counted(client, 5), { old: 5 });
});
