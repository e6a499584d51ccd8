/** One of our brokers, published to and consumed from as its users do: each message acked by itself. */
import { systemRandom } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import type { Driven } from "../harness/part.ts";
import { type BrokerOrder, brokerDriver, data } from "./drive.ts";

/** Consumes so many queues, and answers with the way to drive it; each batch goes to the next queue. */
export async function driven(broker: Broker, queueCount: number): Promise<(order: BrokerOrder) => Promise<Driven>> {
  const run = systemRandom().hex(8);
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
  return brokerDriver({ publish, acked: () => acked });
}
