/** The same two shapes for the validators of all contestants. */
import { z } from "zod";

/** Input, for those who take zod or Standard Schema. */
export const NewOrder = z.object({
  customer: z.string(),
  sku: z.string(),
  quantity: z.int(),
  express: z.boolean(),
  note: z.string(),
});

/** Output, for those who take zod or Standard Schema. */
export const Order = z.object({ id: z.string(), state: z.string(), total: z.number(), note: z.string() });

/** Input, for those who take JSON Schema. */
export const newOrderSchema = {
  type: "object",
  required: ["customer", "sku", "quantity", "express", "note"],
  additionalProperties: false,
  properties: {
    customer: { type: "string" },
    sku: { type: "string" },
    quantity: { type: "integer" },
    express: { type: "boolean" },
    note: { type: "string" },
  },
} as const;

/** Output, for those who take JSON Schema. */
export const orderSchema = {
  type: "object",
  required: ["id", "state", "total", "note"],
  properties: {
    id: { type: "string" },
    state: { type: "string" },
    total: { type: "number" },
    note: { type: "string" },
  },
} as const;
