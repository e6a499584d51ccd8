/** Moleculer over its TCP transporter, with its validator on the input. */
import { ServiceBroker } from "moleculer";
import { freePort } from "../harness/free-port.ts";
import type { Part } from "../harness/part.ts";
import { type NewOrder, place, smallOrder } from "../subject/orders.ts";
import type { Caller } from "./sides.ts";

/** The orders service of Moleculer. */
export const moleculerOrders = {
  name: "orders",
  actions: {
    quote: {
      params: {
        customer: { type: "string", min: 1, max: 64 },
        sku: { type: "string", max: 32 },
        quantity: { type: "number", integer: true, min: 1 },
        express: "boolean",
        note: { type: "string", max: 2_000 },
        $$strict: "remove",
      },
      handler: async ({ params }: { params: NewOrder }) => place(params),
    },
  },
};

/** Serves. */
export async function serve(): Promise<Part> {
  const [mine, theirs] = [await freePort(), await freePort()];
  const broker = brokerOf("server", mine, theirs);
  broker.createService(moleculerOrders);
  await broker.start();
  return { at: `${mine} ${theirs}`, stop: () => broker.stop() };
}

/** Calls. */
export async function connect(at: string): Promise<Caller> {
  const [theirs, mine] = at.split(" ").map(Number) as [number, number];
  const broker = brokerOf("client", mine, theirs);
  await broker.start();
  await broker.waitForServices("orders", 20_000);
  return { call: () => broker.call("orders.quote", smallOrder), close: () => broker.stop() };
}

/** Both know each other's place, so that nothing is broadcast. */
function brokerOf(nodeID: "server" | "client", mine: number, theirs: number) {
  const other = nodeID === "server" ? "client" : "server";
  const urls = [`127.0.0.1:${mine}/${nodeID}`, `127.0.0.1:${theirs}/${other}`];
  const transporter = { type: "TCP", options: { udpDiscovery: false, port: mine, urls } };
  return new ServiceBroker({ nodeID, transporter, logger: false, validator: true });
}
