/** The orders service: Drizzle's queries, Drizzle's transactions, and what happened in them is told exactly when they commit. */
import { joined } from "@cantle/database";
import { service } from "@cantle/service";
import { orders } from "./contract.ts";
import { openDrizzle } from "./drizzle.ts";
import { orderRows, toldRows } from "./tables.ts";

export default service(orders, {
  uses: { store: joined({ open: openDrizzle }) },
  handlers: {
    async place(input, { store, random }) {
      return store.transaction(async (tx, { events }) => {
        const order = { id: random.hex(8), ...input };
        await tx.insert(orderRows).values(order);
        await events.placed(order);
        return order;
      });
    },
    async list(_input, { store }) {
      const told = await store.db.select().from(toldRows);
      return { orders: await store.db.select().from(orderRows), told: told.map(({ orderId }) => orderId) };
    },
  },
  on: (subscribe) => [
    subscribe(orders.events.placed, async ({ id }, { store, message, log }) => {
      await store.transaction(async (tx) => {
        await tx.insert(toldRows).values({ orderId: id });
      });
      // As if the process died here, once: the message comes again, and its transaction does not.
      if (message.attempt === 1) throw new Error("interrupted");
      log.info("an order was told");
    }),
  ],
});
