/** What travels beside input and output, over every hop and in every placement: baggage down, the use of a fallback up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Placed, startPlaced } from "../fixtures/placed.ts";

const file = join(import.meta.dirname, "../fixtures/chain/system.ts");

for (const placement of ["one", "each", "threads", "http"]) {
  let placed: Placed;
  before(async () => {
    placed = await startPlaced(file, placement);
  });
  after(() => placed[Symbol.asyncDispose]());
  const ask = async (path: string, baggage = "") => {
    const response = await fetch(`${placed.url}/${path}`, { headers: { baggage } });
    const value = (await response.json()) as { baggage: unknown; pid: number; code: string };
    return { status: response.status, value, fallback: response.headers.get("cantle-fallback") };
  };

  test(`placed as '${placement}', baggage that the system names reaches the last tier, and no other does`, async () => {
    const { value } = await ask("front/work", "tenant=a%20b, role=admin");
    assert.deepEqual(value.baggage, { tenant: "a b" });
    assert.deepEqual((await ask("front/work", "role=admin")).value.baggage, {});
  });

  test(`placed as '${placement}', a fault by baggage strikes whom it means and nobody else`, async () => {
    const { status, value } = await ask("front/work", "tenant=unlucky");
    assert.deepEqual([status, value.code], [503, "UNAVAILABLE"]);
    assert.equal((await ask("front/work", "tenant=lucky")).status, 200);
  });

  test(`placed as '${placement}', an answer that stands in for another says so outside`, async () => {
    const instead = await ask("front/safe", "tenant=unlucky");
    assert.deepEqual([instead.status, instead.value, instead.fallback], [200, { baggage: {}, pid: 0 }, "value"]);
    const real = await ask("front/safe");
    assert.deepEqual([real.status, real.fallback], [200, null]);
    assert.ok(real.value.pid > 0);
  });
}
