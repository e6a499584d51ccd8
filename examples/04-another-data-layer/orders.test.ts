/** Outbox, inbox and keys through another data layer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestSystem } from "@cantle/testing";
import { orders } from "./contract.ts";
import system from "./system.ts";

test("what a transaction of Drizzle published is told once, though its first delivery fails", async (t) => {
  const running = await startTestSystem(system, { test: t });
  const { place, list } = running.client(orders);
  const { id } = await place({ customer: "ann", cents: 1200 });
  const isTold = () => running.logged().some((line) => line.includes("an order was told"));
  while (!isTold()) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual((await list()).told, [id]);
});

test("an order with a key is placed once, and a key belongs to one order", async (t) => {
  const running = await startTestSystem(system, { test: t });
  const { place, list } = running.client(orders);
  const order = { customer: "bob", cents: 700 };
  const first = await place(order, { idempotencyKey: "k1" });
  assert.deepEqual(await place(order, { idempotencyKey: "k1" }), first);
  await assert.rejects(place({ ...order, cents: 900 }, { idempotencyKey: "k1" }), { code: "KEY_REUSED" });
  assert.equal((await list()).orders.length, 1);
});
