/** What the orders service promises. */
import { contract, event, get, post } from "@cantle/contract";
import { z } from "zod";

const NewOrder = z.object({ customer: z.string().min(1), cents: z.int().min(1) });
const Order = NewOrder.extend({ id: z.string() });

/** The contract of the orders service. */
export const orders = contract("orders", {
  version: "1.0.0",
  operations: {
    place: post("/orders", { access: "public", input: NewOrder, output: Order, status: 201 }),
    list: get("/orders", { access: "public", output: z.object({ orders: z.array(Order), told: z.array(z.string()) }) }),
  },
  events: { placed: event(Order, { key: "customer" }) },
});
