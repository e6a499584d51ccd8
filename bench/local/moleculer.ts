/** Moleculer, local, with its validator on the input; it has none for the output. */
import { ServiceBroker } from "moleculer";
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { moleculerOrders } from "../remote/moleculer.ts";
import { smallOrder } from "../subject/orders.ts";

/** As it comes: neither metrics nor tracing. */
export function plain(): Promise<Part> {
  return start({});
}

/** With its metrics and tracing on, without exporters. */
export function measured(): Promise<Part> {
  return start({ metrics: true, tracing: true });
}

async function start(options: object): Promise<Part> {
  const broker = new ServiceBroker({ logger: false, validator: true, ...options });
  broker.createService(moleculerOrders);
  await broker.start();
  return { drive: driver(() => broker.call("orders.quote", smallOrder)), stop: () => broker.stop() };
}
