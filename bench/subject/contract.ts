/** The subject as a contract of ours. */
import { contract, get, post } from "@cantle/contract";
import { z } from "zod";
import { NewOrder, Order } from "./schemas.ts";

/** The contract of the orders service. */
export const orders = contract("orders", {
  version: "1.0.0",
  operations: {
    read: get("/orders/{id}", { access: "public", input: z.object({ id: z.string() }), output: Order }),
    place: post("/orders", { access: "public", input: NewOrder, output: Order }),
    /** Not at the gateway: the input of local and remote calls. */
    quote: post("/quotes", { input: NewOrder, output: Order }),
  },
});

/** Whoever signs in here is believed: the bench needs tokens. */
export const doorman = contract("doorman", {
  version: "1.0.0",
  operations: {
    enter: post("/sessions", {
      access: "public",
      input: z.object({ name: z.string() }),
      output: z.object({ token: z.string() }),
    }),
  },
});
