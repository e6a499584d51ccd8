import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, virtualClock } from "@cantle/core";
import { type Sweeping, type Swept, sweep } from "./sweep.ts";

const letters = ["1", "2", "3", "4", "5"].map((id) => ({ id, message: `m-${id}` }));

function sweeping(act: Sweeping["act"], more: Partial<Sweeping> = {}): Sweeping {
  return { act, clock: virtualClock(), signal: new AbortController().signal, ...more };
}

async function resultsOf(swept: AsyncIterable<Swept>): Promise<readonly string[]> {
  const results: string[] = [];
  for await (const each of swept) results.push(`${each.id} ${each.result}`);
  return results;
}

test("each letter is done, gone or failed, and one that fails keeps no other", async () => {
  const how = sweeping(async (id) => {
    if (id === "3") throw new CantleError("BROKER_FULL", "no room");
    return id !== "2";
  });
  assert.deepEqual(await resultsOf(sweep(letters, how)), ["1 done", "2 gone", "3 failed", "4 done", "5 done"]);
});

test("it ends when the broker is away, as the others would fail the same way", async () => {
  const how = sweeping(async (id) => {
    if (id === "2") throw new CantleError("BROKER_UNAVAILABLE", "away");
    return true;
  });
  assert.deepEqual(await resultsOf(sweep(letters, how)), ["1 done", "2 failed"]);
});

test("at a rate, no more begin than it says", async () => {
  const clock = virtualClock();
  const begun: number[] = [];
  const act = async () => begun.push(clock.nowMs()) > 0;
  const ended = resultsOf(sweep(letters, sweeping(act, { clock, perSecondMax: 2 })));
  await clock.advance(1_200);
  assert.deepEqual(begun, [0, 500, 1_000]);
  await clock.advance(10_000);
  assert.equal((await ended).length, 5);
  assert.deepEqual(begun, [0, 500, 1_000, 1_500, 2_000]);
});

test("cancelled, it ends between two letters, at once while it waits for the next", async () => {
  const cancelling = new AbortController();
  const begun: string[] = [];
  const act = async (id: string) => begun.push(id) > 0;
  const swept = sweep(letters, sweeping(act, { perSecondMax: 1, signal: cancelling.signal }));
  assert.equal((await swept.next()).value?.id, "1");
  const next = swept.next();
  cancelling.abort();
  assert.equal((await next).done, true);
  assert.deepEqual(begun, ["1"]);
});
