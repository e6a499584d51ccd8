/** Ten thousand queues on a real disk: none waits for the others, also where all go on at once after a start. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, systemClock, systemRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { newFolder } from "./temporary.ts";

test("ten thousand queues give what they have after a restart, all at once", async (t) => {
  const folder = newFolder(t);
  const open = () =>
    createSegmentLog().open({
      url: `segment-log:${folder}`,
      clock: systemClock,
      random: systemRandom(),
      log: silentLogger,
    });
  const names = Array.from({ length: 10_000 }, (_, index) => `shop.queue-${index}`);
  const message = (id: string) => ({ id, source: "shop", time: "2026-01-01T00:00:00.000Z", data: Buffer.alloc(200) });
  const before = await open();
  await Promise.all(names.map((name) => before.queue?.send(name, [message("first"), message("second")])));
  await before.close();
  const broker = await open();
  t.after(() => broker.close());
  const taken = new Map<string, string[]>(names.map((name) => [name, []]));
  let left = 2 * names.length;
  for (const name of names) {
    await broker.queue?.consume(name, {
      inFlightMax: 1,
      leaseMs: 60_000,
      onDelivery: (delivery) => {
        taken.get(name)?.push(delivery.message.id);
        left--;
        void delivery.ack();
      },
    });
  }
  while (left > 0) await delay(systemClock, 5);
  for (const ids of taken.values()) assert.deepEqual(ids, ["first", "second"]);
});
