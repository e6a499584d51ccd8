/** Ours, embedded: the broker in the process of its users, each message acked by itself. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@cantle/core";
import type { Delivery } from "@cantle/messaging";
import { segmentLog } from "@cantle/segment-log";
import { silentLogger } from "@cantle/telemetry";
import type { Part } from "../harness/part.ts";
import { brokerDriver, data } from "./drive.ts";

/** Opens it with so many queues; each batch goes to the next. */
export async function start(queueCount = 1): Promise<Part> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const random = systemRandom();
  const url = `segment-log:${folder}`;
  const broker = await segmentLog.open({ url, clock: systemClock, random, log: silentLogger });
  const run = random.hex(8);
  const names = Array.from({ length: queueCount }, (_, index) => `bench.queue-${index}`);
  let [acked, serial, turn] = [0, 0, 0];
  const onDelivery = (delivery: Delivery) => {
    void delivery.ack().then(() => {
      acked += 1;
    });
  };
  for (const name of names) await broker.queue!.consume(name, { inFlightMax: 1_000, leaseMs: 60_000, onDelivery });
  const publish = (count: number) => {
    const time = new Date().toISOString();
    const messages = Array.from({ length: count }, () => ({ id: `${run}-${serial++}`, source: "bench", time, data }));
    return broker.queue!.send(names[turn++ % queueCount]!, messages);
  };
  return {
    drive: brokerDriver({ publish, acked: () => acked }),
    async stop() {
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
