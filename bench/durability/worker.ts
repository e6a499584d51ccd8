/** A broker that works until it is killed: publishes, takes and acks without a pause, and writes down what it was promised. */
import { openSync, writeSync } from "node:fs";
import { systemClock, systemRandom } from "@cantle/core";
import type { Delivery } from "@cantle/messaging";
import { createSegmentLog } from "@cantle/segment-log";
import { silentLogger } from "@cantle/telemetry";
import type { Part } from "../harness/part.ts";

/** The queue that it works on. */
export const queue = "bench.work";
const publishers = 16;
const batch = 10;
const inHandMax = 100;
/** Short, so that what a killed consumer had comes to one of the next. */
const leaseMs = 1_000;

/** Opens the broker of a folder; segments are small, so that they come and go meanwhile. */
export function openBroker(folder: string) {
  const url = `segment-log:${folder}`;
  const engine = createSegmentLog({ segmentBytes: 1024 * 1024 });
  return engine.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
}

/** Works; each line of the diary is what became of a message. */
export async function start(folder: string, diary: string): Promise<Part> {
  const broker = await openBroker(folder);
  const random = systemRandom();
  const file = openSync(diary, "a");
  const data = Buffer.alloc(200, 0x6d);
  const end = (delivery: Delivery) => {
    const { id } = delivery.message;
    writeSync(file, `taken ${id}\n`);
    void delivery.ack().then(() => writeSync(file, `acked ${id}\n`));
  };
  const inHand: Delivery[] = [];
  const onDelivery = (delivery: Delivery) => {
    // One in eight stays in hand for a while.
    if (delivery.message.id.charCodeAt(0) % 8 !== 0) end(delivery);
    else if (inHand.push(delivery) > inHandMax) end(inHand.shift()!);
  };
  // So many may be acked while one sync runs: more than are published meanwhile, or a backlog would grow.
  await broker.queue!.consume(queue, { inFlightMax: inHandMax + 4 * publishers * batch, leaseMs, onDelivery });
  async function publish(): Promise<void> {
    for (;;) {
      const ids = Array.from({ length: batch }, () => random.hex(8));
      const time = new Date().toISOString();
      await broker.queue!.send(
        queue,
        ids.map((id) => ({ id, source: "bench", time, data })),
      );
      writeSync(file, ids.map((id) => `stored ${id}\n`).join(""));
    }
  }
  for (let index = 0; index < publishers; index++) void publish();
  return { stop: () => {} };
}
