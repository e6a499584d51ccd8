/** The orders service, as a user would write it. */
import { service } from "@cantle/service";
import { orders } from "./contract.ts";
import { find, place, placeAtLength } from "./orders.ts";

export default service(orders, {
  handlers: {
    read: async ({ id }) => find(id),
    place: async (order) => placeAtLength(order),
    quote: async (order) => place(order),
  },
});
