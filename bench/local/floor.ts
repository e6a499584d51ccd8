/** The floor: a function that is awaited, between zod for its input and zod for its output. */
import { type DriveOrder, driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { place, smallOrder } from "../subject/orders.ts";
import { NewOrder, Order } from "../subject/schemas.ts";

/** Calls it. */
export async function start(): Promise<Part> {
  const handler = async (order: NewOrderValue) => place(order);
  const call = async (input: unknown) => Order.parse(await handler(NewOrder.parse(input)));
  const drive = driver(() => call(smallOrder));
  return { drive: (order: DriveOrder) => drive(order), stop() {} };
}

type NewOrderValue = ReturnType<typeof NewOrder.parse>;
